using Qkms.Core.Sealing;
using Qkms.Core.Uses;
using Qkms.Storage.Keys;
using Qkms.Tests.Tenants;

namespace Qkms.Tests.Uses;

/// <summary>
/// what the recorder decides when it writes: a version may have changed since it was chosen, and one write has uses of several
/// versions and tenants.
/// </summary>
public sealed class UseRecorderTests : ServiceTests
{
    private bool _isCounterLost;

    /// <summary>A-32: a version that was rotated away since was active when it was chosen: its use is granted and counted.</summary>
    [Fact]
    public async Task A_version_that_was_rotated_away_meanwhile_is_counted()
    {
        KeyVersion version = await GenerateAsync();
        await Client.RotateAsync(KeyUseVerbs.Aes);

        CountedUses counted = await RecordAsync(version, 2);

        counted.Should().Be(new CountedUses(2, 2, null));
        (await Client.GetJsonAsync($"/kms/keys/{version.Kid}")).Number("usage_count").Should().Be(2);
    }

    /// <summary>A-32: what else ended a version since it was chosen refuses its use, which is not counted.</summary>
    [Theory]
    [InlineData("revoke", "ERR_KMS_006")]
    [InlineData("destroy", "ERR_KMS_010")]
    [InlineData("expire", "ERR_KMS_007")]
    public async Task A_version_that_ended_meanwhile_is_refused(string end, string code)
    {
        KeyVersion version = await GenerateAsync(new { expires_at = App.Time.GetUtcNow().AddDays(1) });
        if (end == "destroy")
            await Client.RotateAsync(KeyUseVerbs.Aes);

        (end switch
        {
            "revoke" => await Client.RevokeAsync(version.Kid.Value),
            "destroy" => await Client.DestroyAsync(version.Kid.Value),
            _ => null,
        })?.Status.Should().BeOneOf(HttpStatusCode.NoContent, HttpStatusCode.OK, HttpStatusCode.Accepted);
        if (end == "expire")
            App.Time.Pass(TimeSpan.FromDays(1));

        (await RefusedAsync(version)).Code.Should().Be(code);

        (await Client.GetJsonAsync($"/kms/keys/{version.Kid}")).Number("usage_count").Should().Be(0);
    }

    /// <summary>A-32: of the uses of one write each sees those before it, and the last within a limit is granted in part.</summary>
    [Fact]
    public async Task The_uses_of_one_write_share_what_is_left()
    {
        KeyVersion version = await GenerateAsync(new { max_usage_limit = 5 });

        Task<CountedUses>[] counting = Recorder.Record(
            CallerOf(version), [.. Enumerable.Repeat((version, KeyOperation.Encrypt, 2), 4)]);
        CountedUses[] counted = await Task.WhenAll(counting[..3]);

        counted.Should().Equal(
            new CountedUses(2, 2, null), new CountedUses(2, 4, null), new CountedUses(1, 5, KmsErrors.KeyExpired));
        (await counting[3].Awaiting(last => last).Should().ThrowAsync<KmsException>()).Which.Error.Should().Be(KmsErrors.KeyExpired);
        Reasons().Should().Equal("encrypt 2, 2 in all", "encrypt 2, 4 in all", "encrypt 1, 5 in all");
    }

    /// <summary>A-30: the use that reaches the soft limit orders the rotation, and not the one after it.</summary>
    [Fact]
    public async Task The_use_that_reaches_the_soft_limit_orders_the_rotation()
    {
        KeyVersion version = await GenerateAsync(new { soft_usage_limit = 3, auto_rotate = true });

        await RecordAsync(version, 2);
        Count("rotation_jobs").Should().Be(0);
        await RecordAsync(version, 1);

        Count("rotation_jobs").Should().Be(1);
    }

    /// <summary>A-30: a version that is not active any more has a successor, whatever its soft limit says.</summary>
    [Fact]
    public async Task A_retired_version_orders_no_rotation()
    {
        KeyVersion version = await GenerateAsync(new { soft_usage_limit = 1, auto_rotate = true });
        await Client.RotateAsync(KeyUseVerbs.Aes);

        await RecordAsync(version, 1);

        Count("rotation_jobs").Should().Be(0);
    }

    /// <summary>A-32: the time of the last use is that of the last, in the row too.</summary>
    [Fact]
    public async Task The_row_says_when_the_last_use_was()
    {
        KeyVersion version = await GenerateAsync();
        await RecordAsync(version, 1);
        object? first = LastUsedAt();
        App.Time.Pass(TimeSpan.FromMinutes(1));
        await RecordAsync(version, 1);

        first.Should().BeOfType<long>();
        ((long)LastUsedAt()!).Should().BeGreaterThanOrEqualTo((long)first! + 60_000);

        object? LastUsedAt()
        {
            using Database database = App.OpenDatabase();
            return database.Scalar("SELECT last_used_at FROM key_usage");
        }
    }

    /// <summary>A-32: a version with a limit whose counter is gone before anybody here has counted is not counted from none.</summary>
    [Fact]
    public async Task A_counter_that_was_taken_away_before_the_first_use_stops_it()
    {
        KeyVersion version = await GenerateAsync(new { max_usage_limit = 5 });
        using (Database database = App.OpenDatabase())
            database.Execute("DELETE FROM key_usage").Should().Be(1);

        await ShouldBeBrokenAsync(version);

        Count("key_usage").Should().Be(0);
    }

    /// <summary>A-32: a use whose counter the database does not write is not granted, and its event is not there.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_counter_that_is_not_written_stops_the_use(int before)
    {
        KeyVersion version = await GenerateAsync();
        for (int i = 0; i < before; i++)
            await RecordAsync(version, 1);

        _isCounterLost = true;
        await ShouldBeBrokenAsync(version);

        _isCounterLost = false;
        (await RecordAsync(version, 1)).Used.Should().Be(before + 1);
        Reasons().Should().HaveCount(before + 1);
    }

    /// <summary>A-32: a counter that was tampered with stops the uses of its version, and not those that are written with them.</summary>
    [Fact]
    public async Task A_broken_counter_stops_no_other_version()
    {
        KeyVersion broken = await GenerateAsync(new { name = "broken", max_usage_limit = 5 });
        KeyVersion whole = await GenerateAsync(new { name = "whole", max_usage_limit = 5 });
        using (Database database = App.OpenDatabase())
        {
            database.Execute(
                "UPDATE key_usage SET used = 1 WHERE version_id = (SELECT id FROM key_versions WHERE name = 'broken')").Should().Be(1);
        }

        Task<CountedUses>[] counting = Recorder.Record(
            CallerOf(whole), [(broken, KeyOperation.Encrypt, 1), (whole, KeyOperation.Encrypt, 1)]);

        await counting[0].Awaiting(one => one).Should().ThrowAsync<SealBrokenException>();
        (await counting[1]).Should().Be(new CountedUses(1, 1, null));
    }

    /// <summary>14.1: a tenant that is suspended stops its uses, and not those of other tenants that are written with them.</summary>
    [Fact]
    public async Task A_suspended_tenant_stops_no_other_tenant()
    {
        Answer made = (await Client.CreateTenantAsync("suspended")).ShouldBe(HttpStatusCode.Created);
        using HttpClient theirs = App.ClientFor(made.InitialApiKey());
        KeyVersion suspended = await GenerateAsync(client: theirs, tenant: new TenantId(Guid.Parse(made.Text("tenant_id"))));
        KeyVersion other = await GenerateAsync();
        (await Client.ActOnTenantAsync(made.Text("tenant_id"), "suspend")).ShouldBe(HttpStatusCode.OK);

        Task<CountedUses>[] counting = Recorder.Record(
            CallerOf(other), [(suspended, KeyOperation.Encrypt, 1), (other, KeyOperation.Encrypt, 1)]);

        (await counting[0].Awaiting(one => one).Should().ThrowAsync<KmsException>()).Which.Error.Should().Be(KmsErrors.TenantSuspended);
        (await counting[1]).Should().Be(new CountedUses(1, 1, null));
        Reasons().Should().ContainSingle();
    }

    private protected override QkmsApplication NewApplication() => new()
    {
        KeepsHouse = false,
        FurtherServices = services => services.AddSingleton<IKeyUsageRepository>(new Losing(this)),
    };

    private UseRecorder Recorder => App.Services.GetRequiredService<UseRecorder>();

    private static Caller CallerOf(KeyVersion version) =>
        new(version.TenantId, default, new Access(Roles.Admin, null, null), RequestId: default);

    private Task<CountedUses> RecordAsync(KeyVersion version, int uses) =>
        Recorder.RecordAsync(CallerOf(version), version, KeyOperation.Encrypt, uses);

    private async Task<KmsError> RefusedAsync(KeyVersion version) =>
        (await this.Awaiting(test => test.RecordAsync(version, 1)).Should().ThrowAsync<KmsException>()).Which.Error;

    private async Task ShouldBeBrokenAsync(KeyVersion version) =>
        (await this.Awaiting(test => test.RecordAsync(version, 1)).Should().ThrowAsync<SealBrokenException>())
            .Which.What.Should().Contain(version.Kid.Value);

    private async Task<KeyVersion> GenerateAsync(object? extra = null, HttpClient? client = null, TenantId? tenant = null)
    {
        string kid = (await (client ?? Client).GenerateAsync(KeyUseVerbs.Aes, extra)).Text("kid");
        TenantId owner = tenant ?? await App.FirstTenantAsync();
        RowSealer sealer = App.Services.GetRequiredService<RowSealer>();
        return await App.Store().ReadAsync(
            async session => sealer.Open((await Repositories.Keys.FindWithKeyAsync(session, owner, Kid.FromStored(kid)))!.Version),
            CancellationToken.None);
    }

    private long Count(string table)
    {
        using Database database = App.OpenDatabase();
        return (long)database.Scalar($"SELECT COUNT(*) FROM {table}")!;
    }

    private IReadOnlyList<string> Reasons()
    {
        using Database database = App.OpenDatabase();
        return database.Strings("SELECT reason FROM audit_events WHERE action = 'key.used' ORDER BY position");
    }

    /// <summary>Counters of which, at times, a write is without effect.</summary>
    private sealed class Losing(UseRecorderTests test) : IKeyUsageRepository
    {
        private readonly KeyUsageRepository _behind = new();

        public Task<Sealed<KeyUsage>?> LockAsync(IKmsSession session, TenantId tenantId, KeyVersionId versionId) =>
            _behind.LockAsync(session, tenantId, versionId);

        public async Task<bool> InsertAsync(IKmsSession session, Sealed<KeyUsage> usage) =>
            !test._isCounterLost && await _behind.InsertAsync(session, usage);

        public async Task<bool> UpdateAsync(IKmsSession session, Sealed<KeyUsage> usage) =>
            !test._isCounterLost && await _behind.UpdateAsync(session, usage);
    }
}
