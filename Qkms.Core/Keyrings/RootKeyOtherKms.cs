using Qkms.Core.AwsKms;

namespace Qkms.Core.Keyrings;

/// <summary>
/// The key in another KMS that this process was told of, by its environment or by somebody who types it. What has failed is not tried
/// again: with several rows, a start would wait for each of them.
/// </summary>
/// <param name="endpoint">Where the other KMS is.</param>
/// <param name="key">The key there.</param>
/// <param name="readAccessKey">Reads the access key, which ends with the visit.</param>
/// <param name="time">The clock.</param>
internal sealed class RootKeyOtherKms(AwsKmsEndpoint endpoint, AwsKmsKeyName key, Func<AwsAccessKey> readAccessKey, TimeProvider time)
{
    private string? _failure;

    /// <summary>Where the other KMS is.</summary>
    public AwsKmsEndpoint Endpoint => endpoint;

    /// <summary>The key there.</summary>
    public AwsKmsKeyName Key => key;

    /// <summary>Reads the access key, has the other KMS do something, and keeps neither the access key nor a connection.</summary>
    /// <param name="use">What is done.</param>
    /// <exception cref="AwsKmsException">The ciphertext was changed, or is another key's.</exception>
    /// <exception cref="RootKeyException">The access key, the key or the other KMS cannot be used.</exception>
    public async Task<T> UseAsync<T>(Func<AwsKmsClient, Task<T>> use)
    {
        if (_failure is not null)
            throw new RootKeyException(_failure);

        try
        {
            using AwsAccessKey accessKey = readAccessKey();
            return await use(new AwsKmsClient(endpoint, accessKey, time));
        }
        catch (Exception e) when (e is AwsKmsException { IsOfCiphertext: false } or RootKeyException)
        {
            _failure = e.Message;
            throw new RootKeyException(_failure);
        }
    }
}
