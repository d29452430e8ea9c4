using System.Security.Cryptography;

namespace Qkms.Core.Cryptography;

/// <summary>
/// Has independent implementations agree on a new key before it is stored: BouncyCastle and the managed engine always, and the engine in
/// use where it is neither. Each derives the key from its seed; one encapsulates or signs, and the others decapsulate or verify.
/// </summary>
/// <remarks>
/// The pairwise checks that FIPS 203, section 7.1, and FIPS 204, section 3.1, advise are part of it. Alone they are passed by an
/// implementation that is wrong in the same way on both sides: its keys could be used nowhere else, and might be weak.
/// </remarks>
public sealed class SecondOpinion
{
    private readonly PqcEngine[] _others;

    /// <summary>Asks the engines that are not <paramref name="inUse"/>.</summary>
    /// <param name="inUse">The engine that makes the keys.</param>
    public SecondOpinion(PqcEngine inUse)
        : this(inUse, [PqcEngines.StrictBouncyCastle, PqcEngines.OfThisAssembly])
    {
    }

    internal SecondOpinion(PqcEngine inUse, IEnumerable<PqcEngine> independent) =>
        (InUse, _others) = (inUse, [.. independent.Where(engine => engine.Name != inUse.Name)]);

    /// <summary>The engine that makes the keys.</summary>
    public PqcEngine InUse { get; }

    /// <summary>The engines that it is held against.</summary>
    internal IReadOnlyList<PqcEngine> Others => _others;

    /// <summary>Compares the engines on a fresh random key of each parameter set.</summary>
    /// <exception cref="EngineFaultException">They do not agree.</exception>
    public void Compare()
    {
        foreach (MLKemAlgorithm algorithm in new[] { MLKemAlgorithm.MLKem512, MLKemAlgorithm.MLKem768, MLKemAlgorithm.MLKem1024 })
        {
            using MLKem key = InUse.GenerateMLKem(algorithm);
            byte[] seed = key.ExportPrivateSeed();
            Confirm(key, seed);
            CryptographicOperations.ZeroMemory(seed);
        }

        foreach (MLDsaAlgorithm algorithm in new[] { MLDsaAlgorithm.MLDsa44, MLDsaAlgorithm.MLDsa65, MLDsaAlgorithm.MLDsa87 })
        {
            using MLDsa key = InUse.GenerateMLDsa(algorithm);
            byte[] seed = key.ExportMLDsaPrivateSeed();
            Confirm(key, seed);
            CryptographicOperations.ZeroMemory(seed);
        }
    }

    /// <summary>Confirms that the seed is the key's for every engine, and that what one encapsulates another decapsulates.</summary>
    /// <param name="key">A key of the engine in use.</param>
    /// <param name="seed">Its seed as it will be stored: d ‖ z, 64 bytes.</param>
    /// <returns>The encapsulation key on which all agree.</returns>
    /// <exception cref="EngineFaultException">They do not agree: nothing of the key may be used.</exception>
    public byte[] Confirm(MLKem key, ReadOnlySpan<byte> seed)
    {
        ArgumentNullException.ThrowIfNull(key);
        MLKem[] keys = new MLKem[1 + _others.Length];
        keys[0] = key;
        try
        {
            for (int i = 0; i < _others.Length; i++)
                keys[i + 1] = _others[i].ImportMLKemPrivateSeed(key.Algorithm, seed);

            byte[] publicKey = key.ExportEncapsulationKey();
            for (int i = 1; i < keys.Length; i++)
                Require(keys[i].ExportEncapsulationKey().AsSpan().SequenceEqual(publicKey), key.Algorithm.Name, 0, i,
                    "the encapsulation key of a seed");
            CheckEncapsulation(keys);

            return publicKey;
        }
        catch (Exception e) when (e is not EngineFaultException)
        {
            throw Failed(key.Algorithm.Name, e);
        }
        finally
        {
            DisposeOthers(keys);
        }
    }

    /// <summary>Confirms that the seed is the key's for every engine, and that what one signs another verifies.</summary>
    /// <param name="key">A key of the engine in use.</param>
    /// <param name="seed">Its seed as it will be stored: ξ, 32 bytes.</param>
    /// <returns>The public key on which all agree.</returns>
    /// <exception cref="EngineFaultException">They do not agree: nothing of the key may be used.</exception>
    public byte[] Confirm(MLDsa key, ReadOnlySpan<byte> seed)
    {
        ArgumentNullException.ThrowIfNull(key);
        MLDsa[] keys = new MLDsa[1 + _others.Length];
        keys[0] = key;
        try
        {
            for (int i = 0; i < _others.Length; i++)
                keys[i + 1] = _others[i].ImportMLDsaPrivateSeed(key.Algorithm, seed);

            byte[] publicKey = key.ExportMLDsaPublicKey();
            for (int i = 1; i < keys.Length; i++)
                Require(
                    keys[i].ExportMLDsaPublicKey().AsSpan().SequenceEqual(publicKey), key.Algorithm.Name, 0, i, "the public key of a seed");
            CheckSignature(keys, publicKey);

            return publicKey;
        }
        catch (Exception e) when (e is not EngineFaultException)
        {
            throw Failed(key.Algorithm.Name, e);
        }
        finally
        {
            DisposeOthers(keys);
        }
    }

    // The last one encapsulates, so that the engine in use decapsulates: that is what it will do with the key.
    private void CheckEncapsulation(MLKem[] keys)
    {
        int sender = keys.Length - 1;
        keys[sender].Encapsulate(out byte[] ciphertext, out byte[] sent);
        try
        {
            for (int i = 0; i < sender; i++)
            {
                byte[] received = keys[i].Decapsulate(ciphertext);
                bool agree = CryptographicOperations.FixedTimeEquals(sent, received);
                CryptographicOperations.ZeroMemory(received);
                Require(agree, keys[i].Algorithm.Name, i, sender, "a shared secret");
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(sent);
        }
    }

    // The engine in use signs.
    private void CheckSignature(MLDsa[] keys, ReadOnlySpan<byte> message)
    {
        byte[] signature = new byte[keys[0].Algorithm.SignatureSizeInBytes];
        keys[0].SignData(message, signature, default);
        for (int i = 1; i < keys.Length; i++)
            Require(keys[i].VerifyData(message, signature, default), keys[0].Algorithm.Name, 0, i, "a signature");
    }

    private void Require(bool agree, string algorithm, int one, int other, string on)
    {
        if (!agree)
            throw new EngineFaultException($"{algorithm} by '{NameOf(one)}' and '{NameOf(other)}', which do not agree on {on}");
    }

    private EngineFaultException Failed(string algorithm, Exception cause) =>
        new(
            $"{algorithm} by {string.Join(" and ", Enumerable.Range(0, 1 + _others.Length).Select(i => $"'{NameOf(i)}'"))}, "
            + "one of which failed",
            cause);

    private string NameOf(int index) => index == 0 ? InUse.Name : _others[index - 1].Name;

    // The first belongs to the caller.
    private static void DisposeOthers(IDisposable?[] keys)
    {
        foreach (IDisposable? key in keys.Skip(1))
            key?.Dispose();
    }
}
