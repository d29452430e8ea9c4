using System.Security.Cryptography;

namespace Qkms.Core.Uses;

/// <summary>What was made by one use of a key, or by several.</summary>
internal interface IUsed<out T>
{
    /// <summary>The same, with what is known of its keys afterwards.</summary>
    T With(Func<ChosenKey, ChosenKey> keys);

    /// <summary>Zeroes the result, secret or not: a use that was not granted has none.</summary>
    void Withdraw();
}

/// <summary>The result of a use of a key.</summary>
/// <param name="Key">The key version used.</param>
/// <param name="Result">The result; a secret in it is zeroed with this.</param>
/// <param name="Warnings">What the caller should know; usually nothing.</param>
internal sealed record Used<T>(ChosenKey Key, T Result, IReadOnlyList<string> Warnings) : IUsed<Used<T>>, IDisposable
{
    /// <inheritdoc/>
    public Used<T> With(Func<ChosenKey, ChosenKey> keys) => this with { Key = keys(Key) };

    /// <summary>Zeroes the result, if it is secret.</summary>
    public void Dispose() => (Result as IDisposable)?.Dispose();

    /// <inheritdoc/>
    public void Withdraw() => Results.Withdraw(Result);
}

/// <summary>What became of one item of a batch: a result, or a refusal that concerns this item alone.</summary>
/// <param name="Result">The result, or null.</param>
/// <param name="Refusal">The refusal, or null.</param>
internal sealed record ItemOf<T>(T? Result, KmsException? Refusal) : IDisposable
    where T : class
{
    /// <summary>Zeroes the result, if it is secret.</summary>
    public void Dispose() => (Result as IDisposable)?.Dispose();
}

/// <summary>Results of uses.</summary>
internal static class Results
{
    /// <summary>Zeroes a result that nobody gets.</summary>
    public static void Withdraw(object? result)
    {
        switch (result)
        {
            case byte[] bytes:
                CryptographicOperations.ZeroMemory(bytes);
                break;

            case IDisposable secret:
                secret.Dispose();
                break;
        }
    }
}
