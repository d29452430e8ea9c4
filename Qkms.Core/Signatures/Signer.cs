using Qkms.Core.Algorithms;
using Qkms.Core.Callers;
using Qkms.Core.Uses;

namespace Qkms.Core.Signatures;

/// <summary>Signs and verifies: messages, hashes that the caller made, and representatives of messages.</summary>
internal sealed class Signer
{
    /// <summary>The longest context of an ML-DSA signature, in bytes (FIPS 204, section 5.2).</summary>
    public const int MaxContextLength = 255;

    /// <summary>Length of an external μ in bytes (FIPS 204, Algorithm 7, line 6).</summary>
    public const int MuLength = 64;

    private const string NotHashes = "keys sign messages, not hashes.";
    private const string NoMu = "keys have no external mu: only ML-DSA has.";

    private static readonly KeyWork<ISignMu, byte[], byte[]> _signMu = new()
    {
        Operation = KeyOperation.Sign,
        Elsewhere = NoMu,
        Run = static (key, mu) => key.SignMu(mu),
    };

    private static readonly KeyWork<ISignMu, (byte[] Mu, byte[] Signature), bool> _verifyMu = new()
    {
        Operation = KeyOperation.Verify,
        Elsewhere = NoMu,
        Run = static (key, work) => key.VerifyMu(work.Mu, work.Signature),
        Fits = static valid => valid,
    };

    private readonly KeyUses _uses;
    private readonly SignatureOptions _options;
    private readonly WeakHashJournal _journal;
    private readonly KeyWork<ISign, (byte[] Message, SignatureParameters Parameters), byte[]> _sign;
    private readonly KeyWork<ISign, (byte[] Message, SignatureParameters Parameters, byte[] Signature), bool> _verify;
    private readonly KeyWork<ISignHash, (byte[] Hash, HashParameters Parameters), byte[]> _signHash;
    private readonly KeyWork<ISignHash, (byte[] Hash, HashParameters Parameters, byte[] Signature), bool> _verifyHash;

    /// <summary>Signs with the keys of <paramref name="uses"/>.</summary>
    public Signer(KeyUses uses, SignatureOptions options, WeakHashJournal journal)
    {
        (_uses, _options, _journal) = (uses, options, journal);
        _sign = new()
        {
            Operation = KeyOperation.Sign,
            Judge = (key, work) => Judge(key.Weakness(work.Parameters)),
            Run = static (key, work) => key.Sign(work.Message, work.Parameters),
        };
        _verify = new()
        {
            Operation = KeyOperation.Verify,
            Judge = (key, work) => Judge(key.Weakness(work.Parameters)),
            Run = static (key, work) => key.Verify(work.Message, work.Parameters, work.Signature),
            Fits = static valid => valid,
        };
        _signHash = new()
        {
            Operation = KeyOperation.Sign,
            Elsewhere = NotHashes,
            Judge = (key, work) => Judge(key.Weakness(work.Parameters)),
            Run = static (key, work) => key.SignHash(work.Hash, work.Parameters),
        };
        _verifyHash = new()
        {
            Operation = KeyOperation.Verify,
            Elsewhere = NotHashes,
            Judge = (key, work) => Judge(key.Weakness(work.Parameters)),
            Run = static (key, work) => key.VerifyHash(work.Hash, work.Parameters, work.Signature),
            Fits = static valid => valid,
        };
    }

    /// <summary>Signs a message.</summary>
    /// <param name="caller">Whose key.</param>
    /// <param name="choice">Which key.</param>
    /// <param name="message">The message.</param>
    /// <param name="parameters">What the algorithm leaves to choose.</param>
    /// <param name="cancellationToken">Cancels what can be cancelled.</param>
    /// <exception cref="KmsException">What <see cref="KeyUses"/> refuses; <see cref="KmsErrors.Invalid"/> for what the algorithm
    /// does not have.</exception>
    public async ValueTask<Used<byte[]>> SignAsync(
        Caller caller, KeyChoice choice, byte[] message, SignatureParameters parameters, CancellationToken cancellationToken)
    {
        Used<byte[]> signed = await _uses.RunAsync(caller, choice, _sign, (message, parameters), cancellationToken);
        await JournalAsync(caller, signed, parameters.Hash);
        return signed;
    }

    /// <summary>
    /// Signs many messages with one key and one hash function. A refusal of the key concerns all, one of an item only that item.
    /// </summary>
    /// <exception cref="KmsException">What <see cref="KeyUses"/> refuses.</exception>
    public async ValueTask<Used<IReadOnlyList<ItemOf<byte[]>>>> SignManyAsync(
        Caller caller,
        KeyChoice choice,
        SignatureHash? function,
        IReadOnlyList<(byte[] Message, SignatureParameters Parameters)> items,
        CancellationToken cancellationToken)
    {
        Used<IReadOnlyList<ItemOf<byte[]>>> signed = await _uses.RunManyAsync(caller, choice, _sign, items, cancellationToken);
        await JournalAsync(caller, signed, function);
        return signed;
    }

    /// <summary>
    /// Whether a signature is the key's for a message. One of the wrong length is not valid, like any other that is wrong.
    /// </summary>
    /// <exception cref="KmsException">What <see cref="KeyUses"/> refuses; <see cref="KmsErrors.Invalid"/> for what the algorithm
    /// does not have.</exception>
    public ValueTask<Used<bool>> VerifyAsync(
        Caller caller,
        KeyChoice choice,
        byte[] message,
        SignatureParameters parameters,
        byte[] signature,
        CancellationToken cancellationToken) =>
        _uses.RunAsync(caller, choice, _verify, (message, parameters, signature), cancellationToken);

    /// <summary>Verifies many; each item stands for itself.</summary>
    public ValueTask<IReadOnlyList<ItemOf<Used<bool>>>> VerifyManyAsync(
        Caller caller,
        KeyChoice choice,
        IReadOnlyList<(byte[] Message, SignatureParameters Parameters, byte[] Signature)> items,
        CancellationToken cancellationToken) => EachAsync(caller, choice, _verify, items, cancellationToken);

    /// <summary>Signs a hash: HashML-DSA, or RSA and ECDSA without hashing again.</summary>
    /// <param name="caller">Whose key.</param>
    /// <param name="choice">Which key.</param>
    /// <param name="hash">The hash, of the function's length.</param>
    /// <param name="parameters">The function that made it, and what the algorithm leaves to choose.</param>
    /// <param name="cancellationToken">Cancels what can be cancelled.</param>
    /// <exception cref="KmsException">
    /// What <see cref="KeyUses"/> refuses; <see cref="KmsErrors.Invalid"/> for what the algorithm does not have, or a weak hash by setting.
    /// </exception>
    public async ValueTask<Used<byte[]>> SignHashAsync(
        Caller caller, KeyChoice choice, byte[] hash, HashParameters parameters, CancellationToken cancellationToken)
    {
        Used<byte[]> signed = await _uses.RunAsync(caller, choice, _signHash, (hash, parameters), cancellationToken);
        await JournalAsync(caller, signed, parameters.Function);
        return signed;
    }

    /// <summary>Signs many hashes of one function with one key. A refusal of the key concerns all, one of an item only that item.</summary>
    /// <exception cref="KmsException">What <see cref="KeyUses"/> refuses.</exception>
    public async ValueTask<Used<IReadOnlyList<ItemOf<byte[]>>>> SignHashManyAsync(
        Caller caller,
        KeyChoice choice,
        SignatureHash function,
        IReadOnlyList<(byte[] Hash, HashParameters Parameters)> items,
        CancellationToken cancellationToken)
    {
        Used<IReadOnlyList<ItemOf<byte[]>>> signed = await _uses.RunManyAsync(caller, choice, _signHash, items, cancellationToken);
        await JournalAsync(caller, signed, function);
        return signed;
    }

    /// <summary>Whether a signature is the key's for a hash.</summary>
    /// <exception cref="KmsException">What <see cref="SignHashAsync"/> refuses.</exception>
    public ValueTask<Used<bool>> VerifyHashAsync(
        Caller caller, KeyChoice choice, byte[] hash, HashParameters parameters, byte[] signature, CancellationToken cancellationToken) =>
        _uses.RunAsync(caller, choice, _verifyHash, (hash, parameters, signature), cancellationToken);

    /// <summary>Verifies many; each item stands for itself.</summary>
    public ValueTask<IReadOnlyList<ItemOf<Used<bool>>>> VerifyHashManyAsync(
        Caller caller,
        KeyChoice choice,
        IReadOnlyList<(byte[] Hash, HashParameters Parameters, byte[] Signature)> items,
        CancellationToken cancellationToken) => EachAsync(caller, choice, _verifyHash, items, cancellationToken);

    /// <summary>Signs the message that an external μ stands for, with ML-DSA.</summary>
    /// <exception cref="KmsException">What <see cref="KeyUses"/> refuses.</exception>
    public ValueTask<Used<byte[]>> SignMuAsync(Caller caller, KeyChoice choice, byte[] mu, CancellationToken cancellationToken) =>
        _uses.RunAsync(caller, choice, _signMu, mu, cancellationToken);

    /// <summary>Signs many with one key. A refusal of the key concerns all.</summary>
    /// <exception cref="KmsException">What <see cref="KeyUses"/> refuses.</exception>
    public ValueTask<Used<IReadOnlyList<ItemOf<byte[]>>>> SignMuManyAsync(
        Caller caller, KeyChoice choice, IReadOnlyList<byte[]> items, CancellationToken cancellationToken) =>
        _uses.RunManyAsync(caller, choice, _signMu, items, cancellationToken);

    /// <summary>Whether a signature is the key's for the message that an external μ stands for.</summary>
    /// <exception cref="KmsException">What <see cref="KeyUses"/> refuses.</exception>
    public ValueTask<Used<bool>> VerifyMuAsync(
        Caller caller, KeyChoice choice, byte[] mu, byte[] signature, CancellationToken cancellationToken) =>
        _uses.RunAsync(caller, choice, _verifyMu, (mu, signature), cancellationToken);

    /// <summary>Verifies many; each item stands for itself.</summary>
    public ValueTask<IReadOnlyList<ItemOf<Used<bool>>>> VerifyMuManyAsync(
        Caller caller, KeyChoice choice, IReadOnlyList<(byte[] Mu, byte[] Signature)> items, CancellationToken cancellationToken) =>
        EachAsync(caller, choice, _verifyMu, items, cancellationToken);

    private async ValueTask<IReadOnlyList<ItemOf<Used<bool>>>> EachAsync<TKey, TState>(
        Caller caller, KeyChoice choice, KeyWork<TKey, TState, bool> work, IReadOnlyList<TState> items, CancellationToken cancellationToken)
        where TKey : class
    {
        await _uses.PayAsync(caller, Enumerable.Repeat((choice, work.Operation), items.Count), cancellationToken);
        UseGroup together = _uses.Together(caller);
        KeyChoice bounded = choice with { Trials = new TrialBudget(), Together = together, IsPaid = true };
        return await EachItem.RunAsync(caller, together, items, item => _uses.RunAsync(caller, bounded, work, item, cancellationToken));
    }

    // A key's own hash, which null stands for, is never weaker than the key.
    private async ValueTask JournalAsync<T>(Caller caller, Used<T> signed, SignatureHash? function)
    {
        if (function is not null && signed.Warnings is [string weakness, ..])
            await _journal.RecordAsync(caller, signed.Key.Version, function, weakness);
    }

    private IReadOnlyList<string> Judge(string? weakness)
    {
        if (weakness is null)
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
    /// <summary>Whether a hash weaker than the ML-DSA or EC key is refused instead of warned about.</summary>
    public bool RefuseWeakHash { get; init; }
}
