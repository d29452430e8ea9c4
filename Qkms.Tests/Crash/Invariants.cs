using Qkms.Core.Uses;

namespace Qkms.Tests.Crash;

/// <summary>What has to hold after every crash, whatever was under way .</summary>
internal static class Invariants
{
    // Proofs asked for after each start, beside those that were made since the last one.
    private const int Sample = 20;

    // How often the journal says that each version was made, retired, revoked. Counted once for all: it has no index by kid.
    private const string WithEvents =
        """
        key_versions v
        LEFT JOIN (
          SELECT tenant_id, kid,
            SUM(CASE WHEN action IN ('key.generated', 'key.rotated') THEN 1 ELSE 0 END) AS made,
            SUM(CASE WHEN action = 'key.retired' THEN 1 ELSE 0 END) AS retired,
            SUM(CASE WHEN action = 'key.revoked' THEN 1 ELSE 0 END) AS revoked
          FROM audit_events
          WHERE kid IS NOT NULL
          GROUP BY tenant_id, kid) AS e ON e.tenant_id = v.tenant_id AND e.kid = v.kid
        """;

    // Rows that must not be; the numbers are KeyState's.
    private static readonly (string What, string Sql)[] _none =
    [
        ("keys with two active versions",
            "SELECT COUNT(*) FROM (SELECT key_id FROM key_versions WHERE state = 1 GROUP BY tenant_id, key_id HAVING COUNT(*) > 1) AS x"),
        ("keys whose active slot names another version",
            "SELECT COUNT(*) FROM keys k LEFT JOIN key_versions v ON v.tenant_id = k.tenant_id AND v.key_id = k.id AND v.state = 1 WHERE "
            + "COALESCE(k.active_kid, '') <> COALESCE(v.kid, '')"),
        ("keys whose counters are not their versions",
            "SELECT COUNT(*) FROM keys k WHERE k.version_count <> (SELECT COUNT(*) FROM key_versions v WHERE v.tenant_id = "
            + "k.tenant_id AND v.key_id = k.id) OR k.next_version <> 1 + (SELECT MAX(version) FROM key_versions v WHERE v.tenant_id "
            + "= k.tenant_id AND v.key_id = k.id)"),
        ("keys without a version",
            "SELECT COUNT(*) FROM keys k WHERE NOT EXISTS (SELECT 1 FROM key_versions v WHERE v.tenant_id = "
            + "k.tenant_id AND v.key_id = k.id)"),
        ("successors that nobody names",
            "SELECT COUNT(*) FROM key_versions v WHERE v.previous_kid IS NOT NULL AND NOT EXISTS (SELECT 1 FROM key_versions p WHERE "
            + "p.tenant_id = v.tenant_id AND p.kid = v.previous_kid AND p.next_kid = v.kid AND p.state <> 1)"),
        ("half chains",
            "SELECT COUNT(*) FROM key_versions v WHERE v.next_kid IS NOT NULL AND NOT EXISTS (SELECT 1 FROM key_versions n WHERE "
            + "n.tenant_id = v.tenant_id AND n.kid = v.next_kid AND n.previous_kid = v.kid)"),
        ("versions without material",
            "SELECT COUNT(*) FROM key_versions v WHERE NOT EXISTS (SELECT 1 FROM key_material m WHERE m.version_id = v.id)"),
        ("material without a version",
            "SELECT COUNT(*) FROM key_material m WHERE NOT EXISTS (SELECT 1 FROM key_versions v WHERE v.id = m.version_id)"),
        ("versions without the one event of their making", $"SELECT COUNT(*) FROM {WithEvents} WHERE COALESCE(e.made, 0) <> 1"),
        ("versions whose retirement and its event disagree",
            $"SELECT COUNT(*) FROM {WithEvents} WHERE COALESCE(e.retired, 0) <> CASE WHEN v.retired_at IS NULL THEN 0 ELSE 1 END"),
        ("versions whose revocation and its event disagree",
            $"SELECT COUNT(*) FROM {WithEvents} WHERE COALESCE(e.revoked, 0) <> CASE WHEN v.state = 3 THEN 1 ELSE 0 END"),
        ("events of nothing",
            "SELECT COUNT(*) FROM audit_events e WHERE e.kid IS NOT NULL AND NOT EXISTS (SELECT 1 FROM key_versions v WHERE v.tenant_id = "
            + "e.tenant_id AND v.kid = e.kid)"),
        ("jobs whose version says otherwise than they",
            "SELECT COUNT(*) FROM rotation_jobs j JOIN key_versions v ON v.tenant_id = j.tenant_id AND v.kid = j.kid "
            + "WHERE (j.state = 3) <> (COALESCE(j.new_kid, '') <> '') OR (j.state = 3 AND j.new_kid <> COALESCE(v.next_kid, ''))"),
        ("jobs whose end and its event disagree",
            "SELECT COUNT(*) FROM rotation_jobs j WHERE (SELECT COUNT(*) FROM audit_events e WHERE e.tenant_id = j.tenant_id "
            + "AND e.kid = j.kid AND e.action IN ('rotation.succeeded', 'rotation.failed', 'rotation.cancelled')) "
            + "<> (SELECT COUNT(*) FROM rotation_jobs o WHERE o.tenant_id = j.tenant_id AND o.kid = j.kid AND o.state IN (3, 4, 5))"),
        ("jobs that wait for a version with a successor",
            "SELECT COUNT(*) FROM rotation_jobs j JOIN key_versions v ON v.tenant_id = j.tenant_id AND v.kid = j.kid "
            + "WHERE j.state IN (1, 2) AND v.next_kid IS NOT NULL"),
        ("counters that are not what the journal says of uses",
            "SELECT COUNT(*) FROM key_usage u JOIN key_versions v ON v.id = u.version_id WHERE u.used > 0 AND NOT EXISTS ("
            + "SELECT 1 FROM audit_events e WHERE e.tenant_id = v.tenant_id AND e.kid = v.kid AND e.action = 'key.used' "
            + "AND e.reason LIKE '%, ' || u.used || ' in all')"),
        ("events of broken rows", "SELECT COUNT(*) FROM audit_events WHERE action = 'integrity.failed'"),
    ];

    /// <summary>Asks the service and looks into its database.</summary>
    /// <param name="client">Speaks to the service.</param>
    /// <param name="open">Opens its database, to look at it.</param>
    /// <param name="ledger">What was acknowledged.</param>
    /// <param name="proofsChecked">How many of the proofs were asked for before: of those, only a sample is.</param>
    public static async Task CheckAsync(HttpClient client, Func<Database> open, Ledger ledger, int proofsChecked = 0)
    {
        IReadOnlyCollection<JsonNode> stored = await ListAsync(client);
        ledger.Check(stored);
        CheckRows(open, stored.Count);

        Proof[] proofs = [.. ledger.Proofs];
        IEnumerable<Proof> asked = proofs.Skip(proofsChecked)
            .Concat(
                Enumerable.Range(0, Math.Min(Sample, proofsChecked)).Select(_ => proofs[RandomNumberGenerator.GetInt32(proofsChecked)]));
        foreach (Proof proof in asked)
            await Proofs.CheckAsync(client, proof, ledger);

        ledger.Faults.Should().BeEmpty();
    }

    /// <summary>Every version that the service lists, over all pages, and the total is their number.</summary>
    public static async Task<IReadOnlyCollection<JsonNode>> ListAsync(HttpClient client)
    {
        List<JsonNode> versions = [];
        string? cursor = null;
        long total;
        do
        {
            Answer page = (await client.GetJsonAsync("/kms/keys" + (cursor is null ? "" : $"?cursor={Uri.EscapeDataString(cursor)}")))
                .ShouldBe(HttpStatusCode.OK);
            page.Data["unreadable"]!.AsArray().Should().BeEmpty();
            versions.AddRange(page.Data["keys"]!.AsArray()!);
            total = page.Number("total");
            cursor = (string?)page.Data["next_cursor"];
        }
        while (cursor is not null);

        total.Should().Be(versions.Count);
        return versions;
    }

    /// <summary>
    /// Unwraps and expands the material of every version, revoked ones too, and holds it against the public key. Nothing else may use an
    /// embedded database meanwhile.
    /// </summary>
    public static async Task<int> EveryKeyShouldOpenAsync(string dataDirectory)
    {
        await using QkmsApplication app = new(dataDirectory);
        _ = app.Server;
        IKmsStore store = app.Services.GetRequiredService<IKmsStore>();
        KeyRows rows = app.Services.GetRequiredService<KeyRows>();
        IMaterialLoader loader = app.Services.GetRequiredService<IMaterialLoader>();
        using Database database = TestStorage.OpenUntouched(dataDirectory);
        TenantId tenant = new(new Guid((byte[])database.Scalar("SELECT id FROM tenants")!, bigEndian: true));
        IReadOnlyList<string> kids = database.Strings("SELECT kid FROM key_versions");
        foreach (string kid in kids)
        {
            KeyAndVersion? stored = await store.ReadAsync(
                session => rows.FindWithKeyAsync(session, tenant, Kid.FromStored(kid)), CancellationToken.None);
            (await loader.LoadAsync(stored!.Version)).Dispose();
        }

        return kids.Count;
    }

    private static void CheckRows(Func<Database> open, int versions)
    {
        using Database database = open();
        database.Scalar("SELECT COUNT(*) FROM key_versions").Should().Be((long)versions);
        CheckRows(database, "a crash");
    }

    /// <summary>Looks into the database alone.</summary>
    /// <param name="database">The database.</param>
    /// <param name="after">What happened before.</param>
    public static void CheckRows(Database database, string after)
    {
        foreach ((string what, string sql) in _none)
            database.Scalar(sql).Should().Be(0L, "there must be no {0} after {1}", what, after);

        database.Flaws().Should().BeEmpty();
    }
}
