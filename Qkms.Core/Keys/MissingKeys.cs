using Qkms.Core.Algorithms;
using Qkms.Core.Keyrings;
using Qkms.Core.Store;

namespace Qkms.Core.Keys;

/// <summary>Says of a key that is not there what was looked for, and which keys of that name the caller may have meant.</summary>
internal sealed class MissingKeys(IKeyRepository keys, RowSealer sealer)
{
    /// <summary>How many keys of one name are looked at: more than there are algorithms and uses.</summary>
    public const int MostNamed = 64;

    /// <summary>The refusal. The caller may touch keys of the name: what else has it is no secret to him.</summary>
    /// <param name="session">Reads.</param>
    /// <param name="missing">What was looked for and not found.</param>
    public async Task<KmsException> RefusalAsync(IKmsSession session, MissingKey missing)
    {
        KeyAddress address = missing.Address;
        Key? key = await keys.FindWithActiveAsync(session, address) is { } row ? sealer.TryOpen(row.Key) : null;
        if (key is not null && missing.Version is { } number)
            return Because($"There is no version {number} of the {Describe(address)}: the newest is {key.NextVersion - 1}.");

        if (key is { ActiveKid: null })
            return Because($"The {Describe(address)} has no active version: generate the next one.");

        IReadOnlyList<Sealed<Key>> rows = await keys.ListKeysAsync(session, address.TenantId, address.Name, MostNamed);
        KeyAddress[] there =
        [
            .. rows.Select(row => sealer.TryOpen(row)).Where(found => found?.ActiveKid is not null).Select(found => found!.Address),
        ];
        return NotFound(missing, there);
    }

    /// <summary>
    /// The refusal where no key has the name: of a name that the caller may not know of, too, so that he learns nothing of its keys.
    /// </summary>
    public static KmsException NothingThere(MissingKey missing) => NotFound(missing, []);

    private static KmsException NotFound(MissingKey missing, KeyAddress[] there)
    {
        KeyAddress address = missing.Address;
        string what = missing.Version is null ? "active " : "";
        string assumed = missing.IsDefaultAlgorithm ? $" ({address.Algorithm} is the default)" : "";
        return Because($"There is no {what}{Describe(address)}{assumed}{Hint(missing, there)}");
    }

    private static string Hint(MissingKey missing, KeyAddress[] there)
    {
        KeyAddress[] meant = Array.FindAll(there, missing.CouldMean);
        if (meant.Length > 0)
        {
            bool differs = Array.Exists(meant, one => one.Algorithm != missing.Address.Algorithm);
            return $"; {AreActive(meant)} there: say `{(differs ? "algorithm" : "use")}`.";
        }

        return there.Length > 0
            ? $"; only {AreActive(there)} there: generate one."
            : ", and no active key of another algorithm has that name: generate one.";
    }

    private static string AreActive(KeyAddress[] there) =>
        $"{string.Join(" and ", there.Select(one => WithUse(one)))} {(there.Length == 1 ? "is" : "are")} active";

    private static string Describe(KeyAddress address) => $"{WithUse(address)} key named '{address.Name}'";

    private static string WithUse(KeyAddress address) =>
        address.Algorithm.Uses.Count > 1 ? $"{address.Algorithm} ({address.Use.ToWire()})" : address.Algorithm.Name;

    private static KmsException Because(string message) => KmsErrors.KeyVersionNotFound.With(message);
}

/// <summary>A key that was looked for by its name and is not there, or has no active version.</summary>
/// <param name="Address">Where it was looked for.</param>
/// <param name="Version">The number that was asked for; null = the active version.</param>
/// <param name="IsDefaultAlgorithm">Whether the request named no algorithm, so that the default was meant.</param>
/// <param name="Operation">What it is to do; null where the key itself is asked for.</param>
internal readonly record struct MissingKey(
    KeyAddress Address, int? Version = null, bool IsDefaultAlgorithm = false, KeyOperation? Operation = null)
{
    /// <summary>Whether a request can have meant a key: the key can do what is asked.</summary>
    public bool CouldMean(KeyAddress other) => Operation?.IsFor(other.Algorithm.Family, other.Use) ?? true;
}
