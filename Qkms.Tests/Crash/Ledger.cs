using System.Collections.Concurrent;
using System.Diagnostics;

namespace Qkms.Tests.Crash;

/// <summary>What clients asked for and what they were told, to be held against the database after a crash.</summary>
internal sealed class Ledger
{
    private readonly ConcurrentDictionary<string, LedgerEntry> _versions = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Name, string Algorithm), byte> _rotated = new();
    private readonly ConcurrentQueue<Proof> _proofs = new();
    private readonly ConcurrentQueue<string> _faults = new();
    private int _acknowledged;
    private int _unanswered;

    /// <summary>How long a revocation may take to be known on other nodes than the one that was told of it.</summary>
    public TimeSpan UntilKnownElsewhere { get; init; }

    /// <summary>Writes that were answered with success.</summary>
    public int Acknowledged => Volatile.Read(ref _acknowledged);

    /// <summary>Versions that may be there although nobody was told: requests that make one and got no answer.</summary>
    public int Unanswered => Volatile.Read(ref _unanswered);

    /// <summary>Versions found after a crash that nobody was told of; from then on they have to stay as well.</summary>
    public int Adopted { get; private set; }

    public IReadOnlyCollection<LedgerEntry> Versions => [.. _versions.Values];

    public IReadOnlyCollection<Proof> Proofs => _proofs;

    /// <summary>Answers that no client should ever get, whatever is killed.</summary>
    public IReadOnlyCollection<string> Faults => _faults;

    /// <summary>The request that makes a version is on its way.</summary>
    public void WillMake() => Interlocked.Increment(ref _unanswered);

    /// <summary>It was answered, one way or the other.</summary>
    public void WasAnswered() => Interlocked.Decrement(ref _unanswered);

    /// <summary>Any version of this key may be retired from now on.</summary>
    public void WillRotate(string name, string algorithm) => _rotated[(name, algorithm)] = 0;

    public LedgerEntry Made(string kid, int number, string name, string algorithm)
    {
        Interlocked.Increment(ref _acknowledged);
        LedgerEntry entry = new(kid, number, name, algorithm);
        _versions[kid] = entry;
        return entry;
    }

    /// <summary>A retire or revoke was acknowledged by the node to which <paramref name="node"/> speaks.</summary>
    public void Became(LedgerEntry entry, int rank, HttpClient node)
    {
        Interlocked.Increment(ref _acknowledged);
        if (rank >= Ranks.Revoked)
            entry.WasRevokedBy(node);

        entry.AtLeast(rank);
    }

    /// <summary>Whether no request may succeed with the version that is sent to this node from now on.</summary>
    public bool MustRefuse(LedgerEntry entry, HttpClient node) =>
        entry.Lowest >= Ranks.Revoked
        && (UntilKnownElsewhere == TimeSpan.Zero || entry.IsRevokedOn(node) || entry.IsRevokedSince(UntilKnownElsewhere));

    public void Prove(Proof proof) => _proofs.Enqueue(proof);

    public void Fault(string what) => _faults.Enqueue(what);

    /// <summary>Holds what is stored against what was acknowledged; then what is stored counts as acknowledged.</summary>
    /// <param name="stored">Every version that the service lists.</param>
    public void Check(IReadOnlyCollection<JsonNode> stored)
    {
        Dictionary<string, JsonNode> byKid = stored.ToDictionary(version => (string)version["kid"]!, StringComparer.Ordinal);
        foreach (LedgerEntry entry in _versions.Values)
        {
            byKid.Should().ContainKey(entry.Kid, "its {0} version {1} was acknowledged", entry.Algorithm, entry.Number);
            Check(entry, byKid[entry.Kid]);
        }

        JsonNode[] unknown = [.. stored.Where(version => !_versions.ContainsKey((string)version["kid"]!))];
        unknown.Length.Should().BeLessThanOrEqualTo(Unanswered, "nothing appears that nobody asked for");
        Adopted += unknown.Length;
        Interlocked.Exchange(ref _unanswered, 0);
        foreach (JsonNode version in unknown)
            _versions[(string)version["kid"]!] = LedgerEntry.From(version);
    }

    private void Check(LedgerEntry entry, JsonNode version)
    {
        ((int)version["key_version"]!).Should().Be(entry.Number, entry.Kid);
        ((string)version["name"]!).Should().Be(entry.Name, entry.Kid);
        ((string)version["algorithm_id"]!).Should().Be(entry.Algorithm, entry.Kid);
        int rank = Ranks.Of(version);
        int highest = Math.Max(entry.Highest, _rotated.ContainsKey((entry.Name, entry.Algorithm)) ? Ranks.Retired : Ranks.Active);
        rank.Should().BeInRange(entry.Lowest, highest, "kid {0} was acknowledged in one of these states", entry.Kid);
        entry.AtLeast(rank);
    }
}

/// <summary>The states of a version in the order in which it may pass through them.</summary>
internal static class Ranks
{
    public const int Active = 1;
    public const int Retired = 2;
    public const int Revoked = 3;

    public static int Of(JsonNode version) => (string)version["status"]! switch
    {
        "active" => Active,
        "retired" => Retired,
        "revoked" => Revoked,
        string other => throw new InvalidOperationException($"No request of this load makes a version {other}."),
    };
}

/// <summary>A version that exists for certain, between the state that was acknowledged and the one that was asked for.</summary>
internal sealed class LedgerEntry(string kid, int number, string name, string algorithm)
{
    private readonly ConcurrentDictionary<HttpClient, byte> _revokedBy = new();
    private int _lowest = Ranks.Active;
    private int _highest = Ranks.Active;
    private long _revokedAt;

    public string Kid { get; } = kid;

    public int Number { get; } = number;

    public string Name { get; } = name;

    public string Algorithm { get; } = algorithm;

    /// <summary>It has come at least so far.</summary>
    public int Lowest => Volatile.Read(ref _lowest);

    /// <summary>It was asked to come so far by name.</summary>
    public int Highest => Volatile.Read(ref _highest);

    public static LedgerEntry From(JsonNode version)
    {
        LedgerEntry entry = new(
            (string)version["kid"]!, (int)version["key_version"]!, (string)version["name"]!, (string)version["algorithm_id"]!);
        entry.AtLeast(Ranks.Of(version));
        return entry;
    }

    /// <summary>A node was told to revoke it, and did.</summary>
    public void WasRevokedBy(HttpClient node) => _revokedBy[node] = 0;

    /// <summary>Whether this node itself has revoked it.</summary>
    public bool IsRevokedOn(HttpClient node) => _revokedBy.ContainsKey(node);

    /// <summary>Whether it has been known as revoked for so long.</summary>
    public bool IsRevokedSince(TimeSpan time) =>
        Volatile.Read(ref _revokedAt) is var at && at != 0 && Stopwatch.GetElapsedTime(at) >= time;

    public void MayBecome(int rank) => Raise(ref _highest, rank);

    public void AtLeast(int rank)
    {
        if (rank >= Ranks.Revoked)
            Interlocked.CompareExchange(ref _revokedAt, Stopwatch.GetTimestamp(), 0);

        Raise(ref _lowest, rank);
        Raise(ref _highest, rank);
    }

    private static void Raise(ref int value, int to)
    {
        for (int seen = Volatile.Read(ref value); seen < to;)
            seen = Interlocked.CompareExchange(ref value, to, seen) == seen ? to : Volatile.Read(ref value);
    }
}

/// <summary>Something that a stored key made, and the request by which it shows that it still can be used.</summary>
/// <param name="Entry">The version that made it.</param>
/// <param name="Route">Where it is posted.</param>
/// <param name="Body">The request.</param>
/// <param name="Member">The member of the answer that counts.</param>
/// <param name="Expected">What it has to say.</param>
internal sealed record Proof(LedgerEntry Entry, string Route, string Body, string Member, string Expected);
