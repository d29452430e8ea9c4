// The classes of the submission to NIST are marked obsolete in favour of those of ML-DSA; in this release they compute FIPS 204 too, by an
// engine of their own. They alone sign a message that is formatted already; the HashMLDsaSigner knows one hash only, and wants the data.
#pragma warning disable CS0618

using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Pqc.Crypto.Crystals.Dilithium;

namespace Qkms.Core.Cryptography.BouncyCastle;

/// <summary>The internal interface of ML-DSA (FIPS 204, Algorithms 7 and 8): it takes M', which names the hash and the context.</summary>
internal static class FormattedMessageSigner
{
    /// <summary>FIPS 204, Algorithm 7, hedged.</summary>
    internal static byte[] Sign(MLDsaPrivateKeyParameters key, byte[] formatted)
    {
        byte[] encoded = key.GetEncoded();
        DilithiumPrivateKeyParameters? copy = null;
        try
        {
            copy = new DilithiumPrivateKeyParameters(Of(key.Parameters), encoded, pubKey: null);
            var signer = new DilithiumSigner();
            signer.Init(forSigning: true, new ParametersWithRandom(copy, SystemRandom.Instance));
            return signer.GenerateSignature(formatted);
        }
        finally
        {
            Erase.Memory(encoded.AsSpan());
            if (copy is not null)
                PrivateArrays.Erase(copy);
        }
    }

    /// <summary>FIPS 204, Algorithm 8.</summary>
    internal static bool Verify(MLDsaPublicKeyParameters key, byte[] formatted, byte[] signature)
    {
        var verifier = new DilithiumSigner();
        verifier.Init(forSigning: false, new DilithiumPublicKeyParameters(Of(key.Parameters), key.GetEncoded()));
        return verifier.VerifySignature(formatted, signature);
    }

    private static DilithiumParameters Of(MLDsaParameters parameters)
    {
        if (parameters == MLDsaParameters.ml_dsa_44)
            return DilithiumParameters.Dilithium2;
        return parameters == MLDsaParameters.ml_dsa_65 ? DilithiumParameters.Dilithium3 : DilithiumParameters.Dilithium5;
    }
}
