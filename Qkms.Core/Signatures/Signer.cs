using System.Security.Cryptography;
using Qkms.Core.Algorithms;
using Qkms.Core.Callers;
using Qkms.Core.Errors;
using Qkms.Core.Gates;
using Qkms.Core.Keys;
using Qkms.Core.Uses;

namespace Qkms.Core.Signatures;

/// <summary>
/// Signs and verifies: ML-DSA, hedged (FIPS 204, Algorithms 2 to 5), and RSASSA-PSS with MGF1 of the same hash and a salt as long as the
/// hash (RFC 8017, 8.1).
/// </summary>
public sealed class Signer(KeyOpener keys, PrivateKeyGate gate, SignatureOptions options)
{
    /// <summary>The longest context of an ML-DSA signature, in bytes (FIPS 204, section 5.2).</summary>
    public const int MaxContextLength = 255;

    /// <summary>Signs a message.</summary>
    /// <param name="caller">Whose key.</param>
    /// <param name="choice">Which key.</param>
    /// <param name="message">The message.</param>
    /// <param name="context">The context of FIPS 204, at most 255 bytes; empty for RSA.</param>
    /// <param name="hash">The hash of RSA-PSS; null is SHA-256. Null for ML-DSA, which needs none.</param>
    /// <param name="cancellationToken">Cancels what can be cancelled.</param>
    /// <exception cref="KmsException">What <see cref="KeyOpener"/> refuses; <see cref="KmsErrors.Invalid"/> for what the algorithm does not have.</exception>
    public async ValueTask<MadeSignature> SignAsync(Caller caller, KeyChoice choice, byte[] message, byte[] context, SignatureHash? hash, CancellationToken cancellationToken)
    {
        using OpenedKey key = await keys.OpenAsync(caller, choice, KeyOperation.Sign, cancellationToken);
        RequireFit(key.Version, context, hash, ofHash: false);
        byte[] signature = await key.RunAsync(
            gate, (message, context, hash), static (key, work) => Sign(key, work.message, work.context, work.hash), cancellationToken);
        return new MadeSignature(key.Chosen, signature, []);
    }

    /// <summary>Whether a signature is the key's for a message. One of the wrong length is not valid, like any other that is wrong.</summary>
    /// <exception cref="KmsException">What <see cref="KeyOpener"/> refuses; <see cref="KmsErrors.Invalid"/> for what the algorithm does not have.</exception>
    public async ValueTask<Verified> VerifyAsync(Caller caller, KeyChoice choice, byte[] message, byte[] context, SignatureHash? hash, byte[] signature, CancellationToken cancellationToken)
    {
        using OpenedKey key = await keys.OpenAsync(caller, choice, KeyOperation.Verify, cancellationToken);
        RequireFit(key.Version, context, hash, ofHash: false);
        bool valid = key.Run(
            (message, context, hash, signature), static (key, work) => Verify(key, work.message, work.context, work.hash, work.signature));
        return new Verified(key.Chosen, valid, []);
    }

    /// <summary>Signs a hash: HashML-DSA, or RSA-PSS without hashing again.</summary>
    /// <param name="caller">Whose key.</param>
    /// <param name="choice">Which key.</param>
    /// <param name="hash">The hash, of the function's length.</param>
    /// <param name="function">The function that made it.</param>
    /// <param name="context">The context of FIPS 204; empty for RSA.</param>
    /// <param name="cancellationToken">Cancels what can be cancelled.</param>
    /// <exception cref="KmsException">What <see cref="KeyOpener"/> refuses; <see cref="KmsErrors.Invalid"/> for what the algorithm does not have, or a weak hash by setting.</exception>
    public async ValueTask<MadeSignature> SignHashAsync(Caller caller, KeyChoice choice, byte[] hash, SignatureHash function, byte[] context, CancellationToken cancellationToken)
    {
        using OpenedKey key = await keys.OpenAsync(caller, choice, KeyOperation.Sign, cancellationToken);
        IReadOnlyList<string> warnings = JudgeHash(key.Version, context, function);
        byte[] signature = await key.RunAsync(
            gate, (hash, function, context), static (key, work) => SignHash(key, work.hash, work.function, work.context), cancellationToken);
        return new MadeSignature(key.Chosen, signature, warnings);
    }

    /// <summary>Whether a signature is the key's for a hash.</summary>
    /// <exception cref="KmsException">What <see cref="SignHashAsync"/> refuses.</exception>
    public async ValueTask<Verified> VerifyHashAsync(Caller caller, KeyChoice choice, byte[] hash, SignatureHash function, byte[] context, byte[] signature, CancellationToken cancellationToken)
    {
        using OpenedKey key = await keys.OpenAsync(caller, choice, KeyOperation.Verify, cancellationToken);
        IReadOnlyList<string> warnings = JudgeHash(key.Version, context, function);
        bool valid = key.Run(
            (hash, function, context, signature), static (key, work) => VerifyHash(key, work.hash, work.function, work.context, work.signature));
        return new Verified(key.Chosen, valid, warnings);
    }

    private static byte[] Sign(OpenedKey key, byte[] message, byte[] context, SignatureHash? hash)
    {
        if (key.Version.Algorithm.Family == KeyAlgorithmFamily.Rsa)
            return key.As<RSA>().SignData(message, (hash ?? SignatureHash.Sha256).PlatformName, RSASignaturePadding.Pss);

        MLDsa dsa = key.As<MLDsa>();
        byte[] signature = new byte[dsa.Algorithm.SignatureSizeInBytes];
        dsa.SignData(message.AsSpan(), signature.AsSpan(), context.AsSpan());
        return signature;
    }

    private static byte[] SignHash(OpenedKey key, byte[] hash, SignatureHash function, byte[] context) =>
        key.Version.Algorithm.Family == KeyAlgorithmFamily.Rsa
            ? key.As<RSA>().SignHash(hash, function.PlatformName, RSASignaturePadding.Pss)
            : HashMLDsa.Sign(key.As<MLDsa>(), key.Version.Algorithm, hash, function, context);

    private static bool Verify(OpenedKey key, byte[] message, byte[] context, SignatureHash? hash, byte[] signature) =>
        key.Version.Algorithm.Family == KeyAlgorithmFamily.Rsa
            ? key.As<RSA>().VerifyData(message, signature, (hash ?? SignatureHash.Sha256).PlatformName, RSASignaturePadding.Pss)
            : key.As<MLDsa>().VerifyData(message.AsSpan(), signature.AsSpan(), context.AsSpan());

    private static bool VerifyHash(OpenedKey key, byte[] hash, SignatureHash function, byte[] context, byte[] signature) =>
        key.Version.Algorithm.Family == KeyAlgorithmFamily.Rsa
            ? key.As<RSA>().VerifyHash(hash, signature, function.PlatformName, RSASignaturePadding.Pss)
            : HashMLDsa.Verify(key.As<MLDsa>(), key.Version.Algorithm, hash, function, context, signature);

    private IReadOnlyList<string> JudgeHash(KeyVersion version, byte[] context, SignatureHash function)
    {
        RequireFit(version, context, function, ofHash: true);
        if (version.Algorithm.Family == KeyAlgorithmFamily.Rsa || !HashMLDsa.IsWeak(version.Algorithm, function))
            return [];

        return options.RefuseWeakHash
            ? throw HashMLDsa.WeakHashRefused(version.Algorithm, function)
            : [$"{function} is weaker than {version.Algorithm} (FIPS 204, section 5.4): use a longer hash, or sign the message itself."];
    }

    private static void RequireFit(KeyVersion version, byte[] context, SignatureHash? hash, bool ofHash)
    {
        bool isRsa = version.Algorithm.Family == KeyAlgorithmFamily.Rsa;
        if (isRsa && context.Length > 0)
            throw KmsErrors.Invalid.With("RSA-PSS has no context.", new FieldError("signature_context", "must be absent for RSA keys"));

        if (!isRsa && !ofHash && hash is not null)
            throw KmsErrors.Invalid.With("ML-DSA signs the whole message: it takes no hash_algorithm.", new FieldError("hash_algorithm", "must be absent for ML-DSA keys"));
    }
}
