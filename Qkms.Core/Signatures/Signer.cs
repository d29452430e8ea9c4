using Qkms.Core.Algorithms;
using Qkms.Core.Callers;
using Qkms.Core.Uses;

namespace Qkms.Core.Signatures;

/// <summary>Signs and verifies, messages and hashes that the caller made.</summary>
internal sealed class Signer
{
    /// <summary>The longest context of an ML-DSA signature, in bytes (FIPS 204, section 5.2).</summary>
    public const int MaxContextLength = 255;

    private const string Elsewhere = "keys sign messages, not hashes.";

    private static readonly KeyWork<ISign, (byte[] Message, SignatureParameters Parameters), byte[]> _sign = new()
    {
        Operation = KeyOperation.Sign,
        Judge = static (key, work) => RequireFit(key, work.Parameters),
        Run = static (key, work) => key.Sign(work.Message, work.Parameters),
    };

    private static readonly KeyWork<ISign, (byte[] Message, SignatureParameters Parameters, byte[] Signature), bool> _verify = new()
    {
        Operation = KeyOperation.Verify,
        Judge = static (key, work) => RequireFit(key, work.Parameters),
        Run = static (key, work) => key.Verify(work.Message, work.Parameters, work.Signature),
        Fits = static valid => valid,
    };

    private readonly KeyUses _uses;
    private readonly SignatureOptions _options;
    private readonly WeakHashJournal _journal;
    private readonly KeyWork<ISignHash, (byte[] Hash, SignatureHash Function, byte[] Context), byte[]> _signHash;
    private readonly KeyWork<ISignHash, (byte[] Hash, SignatureHash Function, byte[] Context, byte[] Signature), bool> _verifyHash;

    /// <summary>Signs with the keys of <paramref name="uses"/>.</summary>
    public Signer(KeyUses uses, SignatureOptions options, WeakHashJournal journal)
    {
        (_uses, _options, _journal) = (uses, options, journal);
        _signHash = new()
        {
            Operation = KeyOperation.Sign,
            Elsewhere = Elsewhere,
            Judge = (key, work) => JudgeHash(key, work.Function, work.Context),
            Run = static (key, work) => key.SignHash(work.Hash, work.Function, work.Context),
        };
        _verifyHash = new()
        {
            Operation = KeyOperation.Verify,
            Elsewhere = Elsewhere,
            Judge = (key, work) => JudgeHash(key, work.Function, work.Context),
            Run = static (key, work) => key.VerifyHash(work.Hash, work.Function, work.Context, work.Signature),
            Fits = static valid => valid,
        };
    }

    /// <summary>Signs a message.</summary>
    /// <param name="caller">Whose key.</param>
    /// <param name="choice">Which key.</param>
    /// <param name="message">The message.</param>
    /// <param name="context">The context of FIPS 204, at most 255 bytes; empty where the algorithm has none.</param>
    /// <param name="hash">The hash of RSA-PSS; null is SHA-256. Null where the algorithm leaves no choice.</param>
    /// <param name="cancellationToken">Cancels what can be cancelled.</param>
    /// <exception cref="KmsException">What <see cref="KeyUses"/> refuses; <see cref="KmsErrors.Invalid"/> for what the algorithm
    /// does not have.</exception>
    public ValueTask<Used<byte[]>> SignAsync(
        Caller caller, KeyChoice choice, byte[] message, byte[] context, SignatureHash? hash, CancellationToken cancellationToken) =>
        _uses.RunAsync(caller, choice, _sign, (message, new SignatureParameters(context, hash)), cancellationToken);

    /// <summary>
    /// Whether a signature is the key's for a message. One of the wrong length is not valid, like any other that is wrong.
    /// </summary>
    /// <exception cref="KmsException">What <see cref="KeyUses"/> refuses; <see cref="KmsErrors.Invalid"/> for what the algorithm
    /// does not have.</exception>
    public ValueTask<Used<bool>> VerifyAsync(
        Caller caller,
        KeyChoice choice,
        byte[] message,
        byte[] context,
        SignatureHash? hash,
        byte[] signature,
        CancellationToken cancellationToken) =>
        _uses.RunAsync(caller, choice, _verify, (message, new SignatureParameters(context, hash), signature), cancellationToken);

    /// <summary>Signs a hash: HashML-DSA, or RSA-PSS without hashing again.</summary>
    /// <param name="caller">Whose key.</param>
    /// <param name="choice">Which key.</param>
    /// <param name="hash">The hash, of the function's length.</param>
    /// <param name="function">The function that made it.</param>
    /// <param name="context">The context of FIPS 204; empty where the algorithm has none.</param>
    /// <param name="cancellationToken">Cancels what can be cancelled.</param>
    /// <exception cref="KmsException">
    /// What <see cref="KeyUses"/> refuses; <see cref="KmsErrors.Invalid"/> for what the algorithm does not have, or a weak hash by setting.
    /// </exception>
    public async ValueTask<Used<byte[]>> SignHashAsync(
        Caller caller, KeyChoice choice, byte[] hash, SignatureHash function, byte[] context, CancellationToken cancellationToken)
    {
        Used<byte[]> signed = await _uses.RunAsync(caller, choice, _signHash, (hash, function, context), cancellationToken);
        if (signed.Warnings is [string weakness, ..])
            await _journal.RecordAsync(caller, signed.Key.Version, function, weakness);

        return signed;
    }

    /// <summary>Whether a signature is the key's for a hash.</summary>
    /// <exception cref="KmsException">What <see cref="SignHashAsync"/> refuses.</exception>
    public ValueTask<Used<bool>> VerifyHashAsync(
        Caller caller,
        KeyChoice choice,
        byte[] hash,
        SignatureHash function,
        byte[] context,
        byte[] signature,
        CancellationToken cancellationToken) =>
        _uses.RunAsync(caller, choice, _verifyHash, (hash, function, context, signature), cancellationToken);

    private static IReadOnlyList<string> RequireFit(ISign key, SignatureParameters parameters)
    {
        key.RequireFit(parameters);
        return [];
    }

    private IReadOnlyList<string> JudgeHash(ISignHash key, SignatureHash function, byte[] context)
    {
        if (key.Weakness(function, context) is not { } weakness)
            return [];

        return _options.RefuseWeakHash
            ? throw KmsErrors.Invalid.With(
                $"{weakness}, and this service refuses weak hashes: 'hash_algorithm' is too weak for this key.",
                new FieldError("hash_algorithm", "is too weak for this key"))
            : [$"{weakness}: use a longer hash, or sign the message itself."];
    }
}

/// <summary>Settings of signing.</summary>
internal sealed record SignatureOptions
{
    /// <summary>Whether a hash weaker than the ML-DSA key is refused instead of warned about.</summary>
    public bool RefuseWeakHash { get; init; }
}
