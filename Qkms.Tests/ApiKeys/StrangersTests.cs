using Qkms.Core.ApiKeys;
using Qkms.Core.Sealing;
using Qkms.Core.Tenants;

namespace Qkms.Tests.ApiKeys;

/// <summary>F-02: nothing that somebody without a valid API key can send waits where callers with one wait.</summary>
public sealed class StrangersTests : ServiceTests
{
    private readonly ManualTime _time = ManualTime.Standing();
    private readonly Lanes _lanes = new();

    /// <summary>K-02: a typing error at whatever place is found without a look into the database.</summary>
    [Fact]
    public async Task An_issued_api_key_that_was_mistyped_costs_no_look_up()
    {
        string issued = App.InitialApiKey;
        using HttpClient anybody = App.ClientFor(null);
        int reads = _lanes.Reads;

        for (int i = 5; i < issued.Length; i++)
        {
            using HttpRequestMessage request = new(HttpMethod.Get, "/kms/keys");
            request.Headers.Add("x-api-key", issued[..i] + (issued[i] == '_' ? '-' : issued[i] == 'A' ? 'B' : 'A') + issued[(i + 1)..]);
            (await anybody.SendForAnswerAsync(request)).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");
        }

        (_lanes.Reads, _lanes.AsideLookUps).Should().Be((reads, 0));
    }

    [Fact]
    public void The_checksum_of_an_issued_api_key_is_this_installations_own()
    {
        byte[] issued = Encoding.ASCII.GetBytes(App.InitialApiKey);
        Keyring keyring = App.Services.GetRequiredService<Keyring>();
        using WrappingKey other = new(new IdGenerator(_time).Next(), SecretBytes.Random(WrappingKey.Size));

        ApiKeyFormat.HasPublicChecksum(issued).Should().BeFalse();
        ApiKeyFormat.HasKeyedChecksum(issued, keyring.CredentialHashKey).Should().BeTrue();
        ApiKeyFormat.HasKeyedChecksum(issued, other).Should().BeFalse();
    }

    [Fact]
    public async Task An_api_key_issued_earlier_keeps_working_and_is_among_strangers_only_until_it_has_proven_itself()
    {
        using HttpClient caller = App.ClientFor(ForgedKeys.AsIssuedEarlier(App.InitialApiKey));

        (await caller.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
        _lanes.AsideLookUps.Should().Be(1);
        _time.OutliveCaches();
        _lanes.HoldAside();
        (await caller.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
        _lanes.AsideLookUps.Should().Be(1);
    }

    [Fact]
    public async Task Made_up_api_keys_wait_among_themselves()
    {
        string other = await App.CreateTenantAsync("other");
        string[] wrong =
        [
            .. Enumerable.Range(0, 300).Select(_ => ForgedKeys.New()),
            .. Enumerable.Repeat(ForgedKeys.WithSecretOf(App.InitialApiKey, other), 100),
        ];
        using HttpClient earlier = App.ClientFor(ForgedKeys.AsIssuedEarlier(App.InitialApiKey));
        (await earlier.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
        int lookUps = _lanes.AsideLookUps;
        _lanes.HoldAside();

        Task<Answer>[] strangers = [.. wrong.Select(key => AskAsync(key))];
        await Eventually.HoldsAsync(() => Task.FromResult(_lanes.AsideLookUps > lookUps));
        for (int i = 0; i < 14; i++)
        {
            _time.OutliveCaches();
            (await Client.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
            (await earlier.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
        }

        (_lanes.AsideLookUps - lookUps).Should().Be(1, "one place is for strangers");
        _lanes.Release();
        Answer[] answers = await Task.WhenAll(strangers);
        answers.Should().OnlyContain(answer => answer.Status == HttpStatusCode.Unauthorized
            || (answer.ErrorCode == "ERR_SERVICE_001" && answer.Headers.ContainsKey("Retry-After")));
        answers.Should().Contain(answer => answer.Status == HttpStatusCode.ServiceUnavailable, "few may wait");
    }

    // Nobody but its owner can have it, and it is refused: its look-ups leave the callers that have a row alone.
    [Fact]
    public async Task An_issued_api_key_whose_row_is_gone_is_among_strangers_from_the_second_time_on()
    {
        string gone = await App.CreateTenantAsync("gone");
        using (Database database = App.OpenDatabase())
            database.Execute($"DELETE FROM credentials WHERE lookup_id = '{gone[5..17]}'").Should().Be(1);

        (await AskAsync(gone)).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");
        int reads = _lanes.Reads;
        for (int i = 0; i < 5; i++)
            (await AskAsync(gone)).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");

        (_lanes.Reads, _lanes.AsideLookUps).Should().Be((reads, 5));
    }

    /// <summary>F-25: an id that does not exist costs what a wrong secret costs: the same statements, and each finds a row.</summary>
    [Fact]
    public async Task An_unknown_id_takes_the_same_reads_as_a_wrong_secret()
    {
        string wrong = ForgedKeys.WithSecretOf(App.InitialApiKey, await App.CreateTenantAsync("other"));
        using (Database database = App.OpenDatabase())
            database.Scalar("SELECT COUNT(*) FROM credentials WHERE lookup_id = 'decoy'").Should().Be(1L, "it is stored");

        _lanes.TakeStatements();
        (await AskAsync(wrong)).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");
        string[] ofWrongSecret = _lanes.TakeStatements();
        (await AskAsync(ForgedKeys.New())).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");
        string[] ofUnknownId = _lanes.TakeStatements();

        ofWrongSecret.Should().Equal("credential found", "tenant found");
        ofUnknownId.Should().Equal(ofWrongSecret);
    }

    /// <summary>F-25: a database of the build before, or one whose decoy was deleted, has one after the next start.</summary>
    [Fact]
    public async Task The_decoy_is_made_anew_when_it_is_gone()
    {
        using TemporaryDirectory directory = new();
        await using (QkmsApplication app = new(directory.Path))
        {
            _ = app.InitialApiKey;
            using Database database = app.OpenDatabase();
            database.Execute("DELETE FROM credentials WHERE lookup_id = 'decoy'").Should().Be(1);
            using HttpClient stranger = app.ClientFor(ForgedKeys.New());
            (await stranger.GetJsonAsync("/kms/keys")).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");
        }

        await using QkmsApplication again = new(directory.Path);
        _ = again.Server;
        using Database later = again.OpenDatabase();
        later.Scalar("SELECT COUNT(*) FROM credentials WHERE lookup_id = 'decoy'").Should().Be(1L);
    }

    private protected override QkmsApplication NewApplication() =>
        new()
        {
            Time = _time,
            KeepsHouse = false,
            StoreInFront = store => new StoreWithLanes(store, _lanes),
            FurtherServices = services => services
                .AddSingleton<ICredentialRepository>(new SeenCredentials(Repositories.Credentials, _lanes))
                .AddSingleton<ITenantRepository>(new SeenTenants(Repositories.Tenants, _lanes)),
        };

    private async Task<Answer> AskAsync(string apiKey)
    {
        using HttpClient client = App.ClientFor(apiKey);
        return await client.GetJsonAsync("/kms/keys");
    }

    private sealed class SeenCredentials(ICredentialRepository inner, Lanes lanes) : ICredentialRepository
    {
        public async Task<Sealed<Credential>?> FindByLookupIdAsync(IKmsSession session, string kind, string lookupId, string otherwise) =>
            lanes.Note("credential", await inner.FindByLookupIdAsync(session, kind, lookupId, otherwise));

        public async Task<Sealed<Credential>?> FindByLookupIdAsync(IKmsSession session, string kind, string lookupId) =>
            lanes.Note("credential", await inner.FindByLookupIdAsync(session, kind, lookupId));

        public Task<Sealed<Credential>?> FindAsync(IKmsSession session, TenantId tenantId, CredentialId id) =>
            inner.FindAsync(session, tenantId, id);

        public Task<Sealed<Credential>?> LockAsync(IKmsSession session, TenantId tenantId, CredentialId id) =>
            inner.LockAsync(session, tenantId, id);

        public Task<IReadOnlyList<StoredApiKeyUse>> ListAsync(IKmsSession session, TenantId tenantId, CredentialId? before, int limit) =>
            inner.ListAsync(session, tenantId, before, limit);

        public Task<DateTimeOffset?> FindLastUseAsync(IKmsSession session, TenantId tenantId, CredentialId id) =>
            inner.FindLastUseAsync(session, tenantId, id);

        public Task<Sealed<Credential>?> FindPredecessorAsync(IKmsSession session, TenantId tenantId, CredentialId successorId) =>
            inner.FindPredecessorAsync(session, tenantId, successorId);

        public Task<long> CountPlacesAsync(IKmsSession session, TenantId tenantId, DateTimeOffset now) =>
            inner.CountPlacesAsync(session, tenantId, now);

        public Task<bool> HasOtherAdminAsync(IKmsSession session, TenantId tenantId, CredentialId id, DateTimeOffset now) =>
            inner.HasOtherAdminAsync(session, tenantId, id, now);

        public Task<long> CountEndingAsync(IKmsSession session, DateTimeOffset now, DateTimeOffset until) =>
            inner.CountEndingAsync(session, now, until);

        public Task WriteUsesAsync(IKmsSession session, IReadOnlyList<ApiKeyUse> uses) => inner.WriteUsesAsync(session, uses);

        public Task<bool> InsertAsync(IKmsSession session, Sealed<Credential> credential) => inner.InsertAsync(session, credential);

        public Task<bool> UpdateAsync(IKmsSession session, Sealed<Credential> credential) => inner.UpdateAsync(session, credential);
    }

    private sealed class SeenTenants(ITenantRepository inner, Lanes lanes) : ITenantRepository
    {
        public Task<bool> AnyAsync(IKmsSession session) => inner.AnyAsync(session);

        public Task<IReadOnlyList<TenantId>> ListIdsAsync(IKmsSession session) => inner.ListIdsAsync(session);

        public Task<Sealed<Tenant>?> FindFirstAsync(IKmsSession session) => inner.FindFirstAsync(session);

        public async Task<Sealed<Tenant>?> FindAsync(IKmsSession session, TenantId id) =>
            lanes.Note("tenant", await inner.FindAsync(session, id));

        public Task<Sealed<Tenant>?> LockAsync(IKmsSession session, TenantId id) => inner.LockAsync(session, id);

        public Task<IReadOnlyList<Sealed<Tenant>>> ListAsync(IKmsSession session, TenantFilter filter, TenantId? before, int limit) =>
            inner.ListAsync(session, filter, before, limit);

        public Task LockNamesAsync(IKmsSession session) => inner.LockNamesAsync(session);

        public Task<bool> IsNameTakenAsync(IKmsSession session, string name, TenantId except) =>
            inner.IsNameTakenAsync(session, name, except);

        public Task<bool> InsertAsync(IKmsSession session, Sealed<Tenant> tenant) => inner.InsertAsync(session, tenant);

        public Task<bool> UpdateAsync(IKmsSession session, Sealed<Tenant> tenant) => inner.UpdateAsync(session, tenant);

        public Task<IReadOnlyList<DueTenant>> ListDueForDeletionAsync(
            IKmsSession session, DateTimeOffset now, DueTenant? after, int limit) =>
            inner.ListDueForDeletionAsync(session, now, after, limit);

        public Task<IReadOnlyList<TenantId>> ListWithheldAsync(IKmsSession session) => inner.ListWithheldAsync(session);

        public Task<bool> AnyWaitsForDeletionAsync(IKmsSession session) => inner.AnyWaitsForDeletionAsync(session);
    }
}
