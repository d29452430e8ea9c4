using Qkms.Core.Algorithms;
using Qkms.Core.Callers;
using Qkms.Core.Uses;

namespace Qkms.Core.Encryption;

/// <summary>
/// Envelope encryption: generates data keys for callers to encrypt with themselves, and recovers them from their wrapped form.
/// </summary>
internal sealed class DataKeyIssuer(KeyUses uses)
{
    /// <summary>The shortest data key, in bytes.</summary>
    public const int MinLength = 16;

    /// <summary>The longest data key, in bytes.</summary>
    public const int MaxLength = 1024;

    /// <summary>The length of a data key whose caller names none, in bytes.</summary>
    public const int DefaultLength = 32;

    private static readonly KeyWork<IWrapDataKeys, (EncryptionContext Context, int Length), WrappedSecret> _generate = new()
    {
        Operation = KeyOperation.GenerateDataKey,
        Run = static (key, work) => Generate(key, work.Context, work.Length),
    };

    private static readonly KeyWork<IWrapDataKeys, (EncryptionContext Context, SecretBytes DataKey), byte[]> _wrap = new()
    {
        Operation = KeyOperation.GenerateDataKey,
        Run = static (key, work) => key.WrapDataKey(work.Context, work.DataKey.Span),
    };

    private static readonly KeyWork<IWrapDataKeys, (
        EncryptionContext Context, ReadOnlyMemory<byte> Ciphertext), SecretBytes> _unwrap = new()
        {
            Operation = KeyOperation.DecryptDataKey,
            Run = static (key, work) => key.TryUnwrapDataKey(work.Context, work.Ciphertext.Span),
            Fits = static dataKey => dataKey is not null,
            Misfit = KmsErrors.DecryptionFailed,
        };

    /// <summary>A data key from the system's random source, wrapped by the key that is meant.</summary>
    /// <exception cref="KmsException">What <see cref="KeyUses"/> refuses.</exception>
    public ValueTask<Used<WrappedSecret>> GenerateAsync(
        Caller caller, KeyChoice choice, EncryptionContext context, int length, CancellationToken cancellationToken) =>
        uses.RunAsync(caller, choice, _generate, (context, length), cancellationToken);

    /// <summary>Many data keys, all wrapped by one key. A refusal of the key concerns all of them.</summary>
    /// <exception cref="KmsException">What <see cref="KeyUses"/> refuses.</exception>
    public ValueTask<Used<IReadOnlyList<ItemOf<WrappedSecret>>>> GenerateManyAsync(
        Caller caller,
        KeyChoice choice,
        IReadOnlyList<(EncryptionContext Context, int Length)> items,
        CancellationToken cancellationToken) =>
        uses.RunManyAsync(caller, choice, _generate, items, cancellationToken);

    /// <summary>Recovers many data keys; each stands for itself.</summary>
    public async ValueTask<IReadOnlyList<ItemOf<Used<SecretBytes>>>> DecryptManyAsync(
        Caller caller,
        KeyChoice choice,
        IReadOnlyList<(EncryptionContext Context, byte[] Ciphertext)> items,
        CancellationToken cancellationToken)
    {
        await uses.PayAsync(caller, Enumerable.Repeat((choice, KeyOperation.DecryptDataKey), items.Count), cancellationToken);
        UseGroup together = uses.Together(caller);
        KeyChoice grouped = choice with { Together = together, IsPaid = true };
        return await EachItem.RunAsync(
            caller, together, items, item => DecryptAsync(caller, grouped, item.Context, item.Ciphertext, cancellationToken));
    }

    /// <summary>Recovers a data key; its wrapped form names the key.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.DecryptionFailed"/>, or what <see cref="KeyUses"/> refuses.</exception>
    public ValueTask<Used<SecretBytes>> DecryptAsync(
        Caller caller, KeyChoice choice, EncryptionContext context, ReadOnlyMemory<byte> ciphertext, CancellationToken cancellationToken) =>
        uses.RunAsync(caller, choice with { Ciphertext = ciphertext }, _unwrap, (context, ciphertext), cancellationToken);

    /// <summary>Wraps a data key that another key wrapped before.</summary>
    /// <exception cref="KmsException">What <see cref="KeyUses"/> refuses.</exception>
    internal ValueTask<Used<byte[]>> WrapAsync(
        Caller caller, KeyChoice choice, EncryptionContext context, SecretBytes dataKey, CancellationToken cancellationToken) =>
        uses.RunAsync(caller, choice, _wrap, (context, dataKey), cancellationToken);

    /// <summary>Refuses what <see cref="WrapAsync"/> would refuse before the key is used.</summary>
    /// <exception cref="KmsException">What <see cref="KeyUses"/> refuses.</exception>
    internal ValueTask RequireWrapsAsync(Caller caller, KeyChoice choice, CancellationToken cancellationToken) =>
        uses.RequireUsableAsync(caller, choice, _wrap, default, cancellationToken);

    /// <summary>Refuses what <see cref="DecryptAsync"/> would refuse before the key is used.</summary>
    /// <exception cref="KmsException">What <see cref="KeyUses"/> refuses.</exception>
    internal ValueTask RequireDecryptsAsync(
        Caller caller, KeyChoice choice, ReadOnlyMemory<byte> ciphertext, CancellationToken cancellationToken) =>
        uses.RequireUsableAsync(caller, choice with { Ciphertext = ciphertext }, _unwrap, default, cancellationToken);

    private static WrappedSecret Generate(IWrapDataKeys key, EncryptionContext context, int length)
    {
        SecretBytes dataKey = SecretBytes.Random(length);
        try
        {
            return new WrappedSecret(dataKey, key.WrapDataKey(context, dataKey.Span));
        }
        catch
        {
            dataKey.Dispose();
            throw;
        }
    }
}
