using Qkms.Core.Cryptography;

namespace Qkms.Core.Algorithms;

/// <summary>
/// A family of algorithms and everything that Qkms knows of it: catalogue, generation, use in memory, public encodings, cost. A new family
/// is a class of this kind in a file of its own, and one line in <see cref="All"/>; nothing else asks which family a key is of.
/// </summary>
internal abstract class KeyFamily
{
    /// <summary>Every family, in the order in which the catalogue lists them.</summary>
    public static IReadOnlyList<KeyFamily> All { get; } =
    [
        new MLKemFamily(), new MLDsaFamily(), new RsaFamily(), new EcdsaFamily(), new Ed25519Family(), new AesFamily(), new HmacFamily(),
    ];

    /// <summary>Its rows of the catalogue.</summary>
    public abstract IReadOnlyList<KeyAlgorithm> Algorithms { get; }

    /// <summary>What its keys do, in the order in which the catalogue lists it.</summary>
    public abstract IReadOnlyList<KeyOperation> Operations { get; }

    /// <summary>Whether it is believed to withstand a quantum computer.</summary>
    public virtual bool IsQuantumSafe => true;

    /// <summary>Whether there is one secret key, and no public key that could be shown.</summary>
    public virtual bool IsSymmetric => false;

    /// <summary>The key type of a JWK (RFC 7517, section 4.1).</summary>
    public abstract string JwkKeyType { get; }

    /// <summary>The words that a JWK of the family can have for its algorithm; empty where it has no public key.</summary>
    public virtual IEnumerable<string> JwkAlgorithms => Algorithms.Select(algorithm => algorithm.Name);

    /// <summary>The encoding in which its private keys are stored.</summary>
    internal abstract MaterialFormat Format { get; }

    /// <summary>
    /// Whether a key is generated in less time than the rest of its request takes, so that it need not wait behind slower ones.
    /// </summary>
    internal virtual bool GeneratesAtOnce => false;

    /// <summary>Whether keys of a use are made with a hash for OAEP.</summary>
    public virtual bool TakesOaepHash(KeyUse use) => false;

    /// <summary>Whether its keys sign hashes that the caller made: they are <see cref="ISignHash"/>.</summary>
    public virtual bool SignsHashes => false;

    /// <summary>Whether its keys sign an external mu (FIPS 204, section 6.2).</summary>
    public virtual bool SignsMu => false;

    /// <summary>The padding of a signature whose caller names none; null where the algorithm leaves no choice.</summary>
    public virtual SignaturePadding? DefaultSignaturePadding => null;

    /// <summary>Whether an operation is long enough to wait for its turn among other private-key work.</summary>
    internal virtual bool WaitsForTurn(KeyOperation operation) => false;

    /// <summary>What an operation costs in cost units: one for every 50 µs of one core, rounded, and at least one.</summary>
    internal virtual int CostOf(KeyAlgorithm algorithm, KeyOperation operation) => 1;

    /// <summary>
    /// What a new key costs in cost units. Less than the time would be where primes are searched: how many searches run has a bound of its
    /// own.
    /// </summary>
    internal virtual int GenerationCostOf(KeyAlgorithm algorithm) => 1;

    /// <summary>Whether its ciphertexts name the key version that opens them.</summary>
    internal virtual bool CiphertextsNameTheirKey => false;

    /// <summary>The key version that a ciphertext from anybody names, not authenticated yet; null when it names none.</summary>
    internal virtual KeyVersionId? KeyOf(ReadOnlySpan<byte> ciphertext) => null;

    /// <summary>A new key, confirmed from the bytes that will be stored.</summary>
    /// <exception cref="EngineFaultException">The implementations do not agree on it; nothing of it may be used.</exception>
    internal abstract NewKeyMaterial Generate(KeyAlgorithm algorithm, KeyUse use, KeyMakers makers);

    /// <summary>A stored key, ready for use.</summary>
    /// <param name="key">Which key it is.</param>
    /// <param name="secret">Its private key in <see cref="Format"/>; it belongs to the callee from here on.</param>
    /// <param name="engine">Computes.</param>
    internal abstract LoadedKey Load(StoredKey key, SecretBytes secret, PqcEngine engine);

    /// <summary>SubjectPublicKeyInfo, DER (RFC 5280, section 4.1.2.7), of a public key as the row has it.</summary>
    /// <exception cref="InvalidOperationException">The family is symmetric.</exception>
    internal abstract byte[] ToSubjectPublicKeyInfo(KeyAlgorithm algorithm, byte[] publicKey);

    /// <summary>
    /// A private key of <see cref="Format"/> as PKCS #8 (RFC 5958), DER, for who takes the key out of the service: a data key pair. Stored
    /// keys never are.
    /// </summary>
    /// <exception cref="InvalidOperationException">The family has no key pairs of that kind.</exception>
    internal virtual SecretBytes ToPkcs8(KeyAlgorithm algorithm, SecretBytes privateKey) => Format == MaterialFormat.Pkcs8
        ? SecretBytes.CopyOf(privateKey.Span)
        : throw new InvalidOperationException($"{algorithm} keys do not leave the service.");

    /// <summary>The members of a JWK that are the family's own.</summary>
    /// <exception cref="InvalidOperationException">The family is symmetric.</exception>
    internal abstract JwkPublicKey ToJwk(KeyAlgorithm algorithm, byte[] publicKey, string? oaepHash);
}
