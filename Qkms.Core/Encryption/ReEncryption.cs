using Qkms.Core.Algorithms;
using Qkms.Core.Callers;
using Qkms.Core.Uses;

namespace Qkms.Core.Encryption;

/// <summary>Moves ciphertexts from one key to another; the plaintext does not leave the service.</summary>
internal sealed class ReEncryption(Cipher cipher, DataKeyIssuer dataKeys, KemKeys kem, KeyUses uses)
{
    /// <summary>Decrypts with the source and encrypts to the destination.</summary>
    /// <param name="caller">Whose keys.</param>
    /// <param name="source">The key of the ciphertext; a blob names its own.</param>
    /// <param name="destination">The new key; null stands for the active version of the source's logical key.</param>
    /// <param name="from">The ciphertext. A wrapped data key and a wrapped key each stay one: what only one permission may open must not
    /// become what another opens.</param>
    /// <param name="to">What is to be authenticated with the new one; null = the same as before.</param>
    /// <param name="cancellationToken">Cancels what can be cancelled.</param>
    /// <exception cref="KmsException"><see cref="KmsErrors.NotPermitted"/> for a caller who may not open the old ciphertext or make the new
    /// one; <see cref="KmsErrors.DecryptionFailed"/>, or what either key refuses;
    /// <see cref="KmsErrors.Invalid"/> for an associated data or context that the new form cannot have.</exception>
    public async ValueTask<ReEncrypted> ReEncryptAsync(
        Caller caller,
        KeyChoice source,
        KeyChoice? destination,
        MovedCiphertext from,
        Authenticated? to,
        CancellationToken cancellationToken)
    {
        await uses.PayAsync(caller, Both(source, destination), cancellationToken);
        return await MoveAsync(caller, Paid(source), destination, from, to, cancellationToken);
    }

    /// <summary>
    /// Refuses what <see cref="ReEncryptAsync"/> would refuse before one of the two keys is used, of a ciphertext with a context. It costs
    /// the same, so that asking is no way around a limit.
    /// </summary>
    /// <param name="caller">Whose keys.</param>
    /// <param name="source">The key of the ciphertext; a blob names its own.</param>
    /// <param name="destination">The new key.</param>
    /// <param name="ciphertext">The ciphertext.</param>
    /// <param name="cancellationToken">Cancels what can be cancelled.</param>
    /// <exception cref="KmsException">As of <see cref="ReEncryptAsync"/>.</exception>
    public async ValueTask RequireMovableAsync(
        Caller caller, KeyChoice source, KeyChoice destination, byte[] ciphertext, CancellationToken cancellationToken)
    {
        await uses.PayAsync(caller, Both(source, destination), cancellationToken);
        if (IsDataKey(ciphertext))
        {
            Require(caller, Permission.DataKeysDecrypt, Permission.DataKeysGenerate);
            await dataKeys.RequireDecryptsAsync(caller, source, ciphertext, cancellationToken);
            await dataKeys.RequireWrapsAsync(caller, destination, cancellationToken);
        }
        else
        {
            Require(caller, Permission.CryptoDecrypt, Permission.CryptoEncrypt);
            await cipher.RequireDecryptsAsync(caller, source, ciphertext, cancellationToken);
            await cipher.RequireEncryptsAsync(caller, destination, cancellationToken);
        }
    }

    private async ValueTask<ReEncrypted> MoveAsync(
        Caller caller,
        KeyChoice source,
        KeyChoice? destination,
        MovedCiphertext from,
        Authenticated? to,
        CancellationToken cancellationToken)
    {
        // A permission is missed before a key is looked for.
        caller.Asked = source.Kid is { } kid ? new AskedKey(kid) : null;
        Authenticated bound = to ?? from.Bound;
        destination = destination is { } named ? Paid(named) : null;
        if (from.IsWrappedKey)
        {
            Require(caller, Permission.KemUnwrap, Permission.KemWrap);
            using Used<SecretBytes> key = await kem.UnwrapAsync(caller, source, from.Bound.Aad!, from.Bytes, cancellationToken);
            return new ReEncrypted(
                key.Key,
                await kem.WrapAsync(caller, destination ?? ActiveOf(key.Key, source), bound.Aad!, key.Result, cancellationToken));
        }

        if (from.Bound.Context is { } context && IsDataKey(from.Bytes))
        {
            Require(caller, Permission.DataKeysDecrypt, Permission.DataKeysGenerate);
            using Used<SecretBytes> dataKey = await dataKeys.DecryptAsync(caller, source, context, from.Bytes, cancellationToken);
            EncryptionContext newContext = bound.Context ?? throw AadOfDataKey();
            KeyChoice wrapping = destination ?? ActiveOf(dataKey.Key, source);
            return new ReEncrypted(
                dataKey.Key, await dataKeys.WrapAsync(caller, wrapping, newContext, dataKey.Result, cancellationToken));
        }

        Require(caller, Permission.CryptoDecrypt, Permission.CryptoEncrypt);
        using Used<SecretBytes> opened = from.Bound.Context is { } oldContext
            ? await cipher.DecryptAsync(caller, source, oldContext, from.Bytes, cancellationToken)
            : await kem.DecryptAsync(caller, source, from.Bound.Aad!, from.Bytes, cancellationToken);
        KeyChoice target = destination ?? ActiveOf(opened.Key, source);
        return new ReEncrypted(
            opened.Key,
            bound.Context is { } contextOfNew
                ? await cipher.EncryptAsync(caller, target, contextOfNew, opened.Result, cancellationToken)
                : await kem.EncryptAsync(caller, target, bound.Aad!, opened.Result, cancellationToken));
    }

    /// <summary>The same for many; each item stands for itself.</summary>
    public async ValueTask<IReadOnlyList<ItemOf<ReEncrypted>>> ReEncryptManyAsync(
        Caller caller,
        IReadOnlyList<(KeyChoice Source, KeyChoice? Destination, MovedCiphertext From, Authenticated? To)> items,
        CancellationToken cancellationToken)
    {
        await uses.PayAsync(caller, items.SelectMany(item => Both(item.Source, item.Destination)), cancellationToken);
        TrialBudget trials = new();
        UseGroup together = uses.Together(caller);
        return await EachItem.RunAsync(
            caller,
            together,
            items,
            item => MoveAsync(
                caller,
                Paid(item.Source) with { Trials = trials, Together = together },
                item.Destination is { } destination ? destination with { Together = together } : null,
                item.From,
                item.To,
                cancellationToken));
    }

    private static bool IsDataKey(byte[] ciphertext) =>
        BlobV1.TryReadHeader(ciphertext, out BlobPurpose purpose, out _) && purpose == BlobPurpose.DataKey;

    // To move a ciphertext to a key of one's own is to open it, and to make one is to vouch for what it holds.
    private static void Require(Caller caller, Permission open, Permission make)
    {
        if (!caller.Access.Allows(open) || !caller.Access.Allows(make))
            throw KmsErrors.NotPermitted.With(
                $"To move this ciphertext to another key, an API key must also allow '{open.ToWire()}' and '{make.ToWire()}'.");
    }

    // What goes to the key that it came from goes to its algorithm.
    private static (KeyChoice Choice, KeyOperation Operation)[] Both(KeyChoice source, KeyChoice? destination) =>
        [(source, KeyOperation.Decrypt), (destination ?? source, KeyOperation.Encrypt)];

    private static KeyChoice Paid(KeyChoice choice) => choice with { IsPaid = true };

    private static KeyChoice ActiveOf(ChosenKey key, KeyChoice source) => new()
    {
        IsPaid = true,
        Together = source.Together,
        Algorithm = key.Version.Algorithm,
        Name = key.Version.Address.Name,
        DefaultAlgorithm = KeyAlgorithm.Aes256,
    };

    private static KmsException AadOfDataKey() => KmsErrors.Invalid.With(
        "'destination.aad' must be absent for a wrapped data key: it has a context.",
        new FieldError("destination.aad", "must be absent for a wrapped data key"));
}

/// <summary>A ciphertext that is to be moved.</summary>
/// <param name="Bytes">The ciphertext.</param>
/// <param name="Bound">What was authenticated with it.</param>
/// <param name="IsWrappedKey">Whether it is a key that was wrapped to an ML-KEM key.</param>
internal readonly record struct MovedCiphertext(byte[] Bytes, Authenticated Bound, bool IsWrappedKey);

/// <summary>What is authenticated with a ciphertext: a context, or the caller's own associated data.</summary>
/// <param name="Context">The context; null where there is <paramref name="Aad"/>.</param>
/// <param name="Aad">The associated data; null where there is a context.</param>
internal readonly record struct Authenticated(EncryptionContext? Context, byte[]? Aad);

/// <summary>A ciphertext that was moved.</summary>
/// <param name="Source">The version that opened the old one.</param>
/// <param name="Result">The new one.</param>
internal sealed record ReEncrypted(ChosenKey Source, Used<byte[]> Result) : IUsed<ReEncrypted>
{
    /// <inheritdoc/>
    public ReEncrypted With(Func<ChosenKey, ChosenKey> keys) => new(keys(Source), Result.With(keys));

    /// <inheritdoc/>
    public void Withdraw() => Result.Withdraw();
}
