using Qkms.Core.Algorithms;
using Qkms.Core.Cryptography;
using Qkms.Core.Journal;
using Qkms.Core.Keys;
using Qkms.Core.Rotations;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Lifecycle;

/// <summary>
/// Makes the successor of one version: finds out whether it may have one, generates it, and plans all that the rotation writes. Where the
/// algorithm changes the successor belongs to another key of the same name, and the plan has two parts.
/// </summary>
internal sealed class Successors(
    IKeyRepository keys,
    KeyRows rows,
    KeyPlanner planner,
    NewKeys newKeys,
    KeyMakers makers,
    KeyGenerationGate gate,
    IdGenerator ids,
    TimeProvider time)
{
    private const string KidField = "new_key.kid";

    /// <summary>The version to be rotated, and the key that its successor will belong to.</summary>
    /// <param name="session">Reads.</param>
    /// <param name="old">The version and its key.</param>
    /// <param name="order">What is asked.</param>
    /// <param name="at">When the successor will be made: its limits are judged for that time.</param>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.KeyRevoked"/>, <see cref="KmsErrors.KeyDestroyed"/>, <see cref="KmsErrors.KeyChanged"/> when it has a
    /// successor, is neither active nor the newest, or the new kid is taken, <see cref="KmsErrors.ActiveKeyExists"/>,
    /// <see cref="KmsErrors.KeyDisabled"/>, <see cref="KmsErrors.Invalid"/> for limits, or an algorithm, that it may not change to.
    /// </exception>
    /// <exception cref="SealBrokenException">A row that it needs does not match its seal.</exception>
    internal async Task<Succession> FindAsync(IKmsSession session, KeyAndVersion old, RotationOrder order, DateTimeOffset at)
    {
        KeyTransitions.RequireRotatable(old);
        KeyAddress address = AddressOf(old.Version, order);
        _ = LimitsAfter(old.Version, order, at);
        KeyAndVersion? head = address == old.Key.Address ? null : await rows.FindWithNewestAsync(session, address);
        if (head is not null)
        {
            KeyTransitions.RequireEnabled(head.Key);
            NewKeys.RefuseSecondActive(head.Key);
        }

        if (order.NewKid is { } wanted && await keys.FindWithKeyAsync(session, address.TenantId, wanted) is not null)
            throw KeyWriter.KidTaken(wanted, KidField);

        return new Succession(old, address, head);
    }

    /// <summary>The key pair of the successor, made behind the gate.</summary>
    internal Task<NewKeyMaterial> GenerateAsync(Succession found, CancellationToken cancellationToken)
    {
        KeyAddress address = found.Address;
        return gate.RunAsync(
            address.Algorithm, () => address.Algorithm.Family.Generate(address.Algorithm, address.Use, makers), cancellationToken);
    }

    /// <summary>All that the rotation writes, sealed, and what it leaves behind.</summary>
    /// <param name="actor">Who rotates.</param>
    /// <param name="found">What was found.</param>
    /// <param name="order">What is asked.</param>
    /// <param name="pair">The key pair of the successor.</param>
    /// <param name="tenantKey">Wraps it.</param>
    internal PlannedRotation Plan(
        JournalActor actor, Succession found, RotationOrder order, NewKeyMaterial pair, WrappingKey tenantKey)
    {
        (Key key, KeyVersion old) = found.Old;
        DateTimeOffset now = time.GetUtcMilliseconds();
        Key home = found.Home ?? newKeys.Make(found.Address, now);

        // Versions are listed by their ids: the successor comes after the one it replaces, and after all others of its own key.
        Guid last = found.Head is { } head && head.Version.Id.Value.CompareTo(old.Id.Value) > 0 ? head.Version.Id.Value : old.Id.Value;
        KeyVersionId id = new(ids.NextAfter(last));
        NextVersion next = new(
            id,
            order.NewKid ?? Kid.From(id.Value),
            SpellingOf(found, order),
            OaepHashOf(found),
            old.Kid,
            now,
            LimitsAfter(old, order, now),
            order.Limits.RotationPeriod.Or(home.RotationPeriod ?? key.RotationPeriod))
        {
            Labels = old.Labels,
        };
        KeyVersion version = next.Of(home, pair);
        KeyVersion retired = KeyTransitions.Supersede(old, version.Kid, now);
        KeyMaterial material = PrivateKeyWrap.Wrap(tenantKey, version, pair.Format, pair.PrivateKey);
        IReadOnlyList<KeyPlan> plans = found.IsSameKey
            ? [planner.Rotate(actor, key, old, retired, version, material)]
            : planner.Migrate(actor, found.Old, retired, home, found.Head?.Version, version, material);
        return new PlannedRotation(
            new KeyRotation(version, retired), now, [.. plans.Select(plan => plan with { KidField = KidField })]);
    }

    private static KeyAddress AddressOf(KeyVersion old, RotationOrder order)
    {
        if (order.Algorithm is not { } algorithm || algorithm == old.Algorithm)
            return old.Address;

        if (!order.AllowAlgorithmChange)
            throw Blame($"is not {old.Algorithm}, the algorithm of '{old.Kid}': set allow_algorithm_change to change it");

        return algorithm.Uses.Contains(old.Use)
            ? old.Address with { Algorithm = algorithm }
            : throw Blame($"has no keys for '{old.Use.ToWire()}', which is what '{old.Kid}' is for");
    }

    // A successor has the limits of the version before it, unless the request says otherwise.
    private static KeyLimits LimitsAfter(KeyVersion old, RotationOrder order, DateTimeOffset at)
    {
        try
        {
            return old.Limits.MirroredTo(old.CreatedAt, at).With(order.Limits, at);
        }
        catch (KmsException e) when (e.Details is [{ } first, ..])
        {
            throw e.Error.With(
                $"'new_key.{first.Field}' {first.Message}.",
                [.. e.Details.Select(detail => new FieldError($"new_key.{detail.Field}", detail.Message))]);
        }
    }

    private static string SpellingOf(Succession found, RotationOrder order) =>
        order.Spelling ?? (found.IsSameKey ? found.Old.Version.Spelling : found.Address.Algorithm.Name);

    // A hash is for RSA encryption keys, and stays where the old version had one.
    private static string? OaepHashOf(Succession found) =>
        found.Address.Algorithm.Family.TakesOaepHash(found.Address.Use) ? found.Old.Version.OaepHash ?? OaepHash.Default : null;

    private static KmsException Blame(string problem) =>
        KmsErrors.Invalid.With($"'new_key.algorithm' {problem}.", new FieldError("new_key.algorithm", problem));
}

/// <summary>A version that may be rotated, and where its successor belongs.</summary>
/// <param name="Old">The version and its key.</param>
/// <param name="Address">Where the key of the successor is, or will be.</param>
/// <param name="Head">That key and its newest version, where it is another one and there.</param>
internal sealed record Succession(KeyAndVersion Old, KeyAddress Address, KeyAndVersion? Head)
{
    /// <summary>Whether the successor is a version of the same key.</summary>
    public bool IsSameKey => Address == Old.Key.Address;

    /// <summary>The key of the successor; null when it is still to be made.</summary>
    public Key? Home => IsSameKey ? Old.Key : Head?.Key;
}

/// <summary>A rotation that is ready to be written.</summary>
/// <param name="Rotation">What it leaves behind.</param>
/// <param name="At">When.</param>
/// <param name="Plans">What it writes, one for each key.</param>
internal sealed record PlannedRotation(KeyRotation Rotation, DateTimeOffset At, IReadOnlyList<KeyPlan> Plans);
