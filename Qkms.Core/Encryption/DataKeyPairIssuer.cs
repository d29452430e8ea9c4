using Qkms.Core.Algorithms;
using Qkms.Core.Callers;
using Qkms.Core.Cryptography;
using Qkms.Core.Lifecycle;
using Qkms.Core.Uses;

namespace Qkms.Core.Encryption;

/// <summary>
/// Key pairs for callers to use themselves, the private key wrapped as a data key is: made as the service's own keys are, behind the same
/// gate and with the same second opinion, and not kept.
/// </summary>
internal sealed class DataKeyPairIssuer(DataKeyIssuer dataKeys, KeyUses uses, KeyGenerationGate gate, KeyMakers makers)
{
    /// <summary>A key pair, its private key wrapped by the key that is meant.</summary>
    /// <param name="caller">Whose key.</param>
    /// <param name="choice">The key that wraps.</param>
    /// <param name="context">What is bound to the wrapped private key.</param>
    /// <param name="algorithm">What the pair is for.</param>
    /// <param name="cancellationToken">Cancels what can be cancelled.</param>
    /// <exception cref="KmsException">
    /// What <see cref="KeyUses"/> refuses, before a pair is made in vain; <see cref="KmsErrors.Unavailable"/> when the gate is full.
    /// </exception>
    public async ValueTask<Used<DataKeyPair>> GenerateAsync(
        Caller caller, KeyChoice choice, EncryptionContext context, KeyAlgorithm algorithm, CancellationToken cancellationToken)
    {
        await uses.PayAsync(caller, [(choice, KeyOperation.GenerateDataKey)], cancellationToken);
        await dataKeys.RequireWrapsAsync(caller, choice, cancellationToken);
        if (choice.EndsBeforeUse is { } end)
            throw end.Refusal();

        caller.Budget?.Pay(algorithm.Family.GenerationCostOf(algorithm));
        using NewKeyMaterial pair = await gate.RunAsync(
            algorithm, () => algorithm.Family.Generate(algorithm, algorithm.Uses[0], makers), cancellationToken);
        SecretBytes privateKey = algorithm.Family.ToPkcs8(algorithm, pair.PrivateKey);
        try
        {
            byte[] publicKey = algorithm.Family.ToSubjectPublicKeyInfo(algorithm, pair.PublicKey);
            Used<byte[]> wrapped = await dataKeys.WrapAsync(caller, choice with { IsPaid = true }, context, privateKey, cancellationToken);
            return new Used<DataKeyPair>(wrapped.Key, new DataKeyPair(privateKey, publicKey, wrapped.Result), wrapped.Warnings);
        }
        catch
        {
            privateKey.Dispose();
            throw;
        }
    }
}

/// <summary>A key pair that the service does not keep.</summary>
/// <param name="PrivateKey">The private key as PKCS #8, DER.</param>
/// <param name="PublicKey">The public key as SubjectPublicKeyInfo, DER.</param>
/// <param name="Wrapped">The private key in its wrapped form.</param>
internal sealed record DataKeyPair(SecretBytes PrivateKey, byte[] PublicKey, byte[] Wrapped) : IDisposable
{
    /// <summary>Zeroes the private key.</summary>
    public void Dispose() => PrivateKey.Dispose();
}
