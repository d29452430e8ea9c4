using Qkms.Core.Algorithms;
using Qkms.Core.Callers;
using Qkms.Core.Keys;

namespace Qkms.Core.Uses;

/// <summary>
/// Which key version a request to use a key means: a kid; or a number of a logical key; or neither, and then the active one. A structure,
/// because every use makes one.
/// </summary>
internal readonly record struct KeyChoice
{
    /// <summary>The version by its kid.</summary>
    public Kid? Kid { get; init; }

    /// <summary>The version by its number.</summary>
    public int? Version { get; init; }

    /// <summary>Whose key of the tenant it has to be; null for the tenant's own.</summary>
    public KeyOwner? Owner { get; init; }

    /// <summary>The algorithm, where the request names it. Beside a kid it must be the version's.</summary>
    public KeyAlgorithm? Algorithm { get; init; }

    /// <summary>The name, where the request gives it. Beside a kid it must be the version's.</summary>
    public KeyName? Name { get; init; }

    /// <summary>The use, where the key is known by its id; null for those of the operation.</summary>
    public KeyUse? Use { get; init; }

    /// <summary>The algorithm that is meant when neither it nor a kid is given.</summary>
    public required KeyAlgorithm DefaultAlgorithm { get; init; }

    /// <summary>
    /// Whether a retired version that was chosen by its kid stands for the end of its rotation chain, when the operation makes
    /// something new.
    /// </summary>
    public bool FollowSuccessors { get; init; }

    /// <summary>
    /// What stands before the members' names where a refusal blames them: <c>destination.</c> when the choice is a part of the request.
    /// </summary>
    public string? FieldPrefix { get; init; }

    /// <summary>What is to be decrypted, where a ciphertext may itself name the version that opens it; else null.</summary>
    public ReadOnlyMemory<byte>? Ciphertext { get; init; }

    /// <summary>What the items of one request may try together; null where the request has no items.</summary>
    public TrialBudget? Trials { get; init; }

    /// <summary>Whether the request has paid for the use already: see <see cref="KeyUses.PayAsync"/>.</summary>
    public bool IsPaid { get; init; }

    /// <summary>What counts the uses of the items of one request together; null where the request has no items.</summary>
    public UseGroup? Together { get; init; }

    /// <summary>
    /// What a request is refused with that would have used the key, but only asks whether it could: everything is checked as for a use,
    /// and then the key does nothing and nothing is counted. Null where the key is to be used.
    /// </summary>
    public KmsError? EndsBeforeUse { get; init; }

    /// <summary>Whether the ciphertext names the version: its family writes that down, and the request names no version.</summary>
    public bool IsByCiphertext =>
        this is { Ciphertext: not null, Kid: null, Version: null } && AlgorithmMeant.Family.CiphertextsNameTheirKey;

    /// <summary>Whose key is meant: the tenant's own, unless the request is about another owner.</summary>
    public KeyOwner OwnerMeant => Owner ?? KeyOwner.Tenant;

    /// <summary>The algorithm that the request names, or its default.</summary>
    public KeyAlgorithm AlgorithmMeant => Algorithm ?? DefaultAlgorithm;

    /// <summary>Whether the request says anything of the key.</summary>
    public bool IsExplicit => Kid is not null || Version is not null || Algorithm is not null || Name is not null;

    /// <summary>Whether it leaves open which version of a logical key is meant.</summary>
    public bool IsByName => this is { Kid: null, Version: null, IsByCiphertext: false };

    /// <summary>The name that is meant when there is no kid.</summary>
    public KeyName NameMeant => Name ?? KeyName.Default;

    /// <summary>What the request says of the key. A ciphertext that names its version is no such word.</summary>
    public AskedKey Asked => Kid is { } kid ? new AskedKey(kid)
        : IsByCiphertext && !IsExplicit ? default
        : new AskedKey(null, Version, NameMeant, AlgorithmMeant.Name);

    /// <summary>
    /// The uses of the logical keys that can be meant when there is no kid: those of the operation; an algorithm that has none of them is
    /// looked up under its own, and refused when it was found.
    /// </summary>
    internal IReadOnlyList<KeyUse> UsesFor(KeyOperation operation)
    {
        if (Use is { } one)
            return [one];

        IReadOnlyList<KeyUse> known = AlgorithmMeant.Uses;
        foreach (KeyUse use in operation.Uses())
        {
            if (known.Contains(use))
                return operation.Uses();
        }

        return known;
    }

    /// <summary>The use to name where none of the logical keys that can be meant is there.</summary>
    internal KeyUse UseShown(KeyOperation operation)
    {
        if (Use is { } one)
            return one;

        IReadOnlyList<KeyUse> known = AlgorithmMeant.Uses;
        return known.Contains(operation.Uses()[^1]) ? operation.Uses()[^1] : known[0];
    }

    /// <summary>The address of the logical key with a use.</summary>
    internal KeyAddress AddressOf(TenantId tenantId, KeyUse use) => new(tenantId, OwnerMeant, NameMeant, AlgorithmMeant, use);

    /// <summary>Whether a version is of the logical key that is meant.</summary>
    internal bool AgreesWith(KeyVersion version) =>
        version.Algorithm == AlgorithmMeant && version.Address.Name == NameMeant && (Use is null || Use == version.Use);
}

/// <summary>The key version that an operation uses.</summary>
/// <param name="Version">The version.</param>
/// <param name="RequestedKid">The kid that the request named, when its successor is used instead; else null.</param>
internal readonly record struct ChosenKey(KeyVersion Version, Kid? RequestedKid)
{
    private readonly IReadOnlyList<string>? _limitWarnings;

    /// <summary>What the caller should know of the limits of the version; usually nothing.</summary>
    public IReadOnlyList<string> LimitWarnings
    {
        get => _limitWarnings ?? [];
        init => _limitWarnings = value;
    }
}

/// <summary>A key version as it was found, before it is admitted to an operation.</summary>
/// <param name="Named">The version that the request names.</param>
/// <param name="Used">The version that stands for it: the same, or the end of its rotation chain.</param>
internal readonly record struct FoundKey(KeyAndVersion Named, KeyAndVersion Used);
