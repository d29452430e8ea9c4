using Qkms.Core.ApiKeys;
using Qkms.Tests.Nodes;
using Qkms.Tests.Storage;

namespace Qkms.Tests.Freshness;

/// <summary>
/// How long the whole service goes by what it read before, on every database the same: half a second by a clock that nobody can set,
/// and no longer when the database is gone. A derived class has the database, and lets uses go unrecorded: one that is
/// recorded is judged by what the database says at that moment.
/// </summary>
public abstract class ServiceFreshnessContract : IAsyncLifetime
{
    private static readonly TimeSpan _atOnce = TimeSpan.FromMilliseconds(1);

    private static readonly byte[] _plaintext = "to be or not"u8.ToArray();

    public static TheoryData<int> WallClockJumpsInHours => new(0, -24, 24, -24 * 3650, 24 * 3650);

    private Subject? _subject;

    private QkmsApplication Service => _subject!.Service;

    public Task InitializeAsync()
    {
        _subject = Start();
        return Task.CompletedTask;
    }

    public Task DisposeAsync() => _subject!.EndAsync();

    /// <summary>A service whose monotonic clock stands still.</summary>
    private protected abstract Subject Start();

    private protected sealed record Subject(QkmsApplication Service, Action LoseDatabase, Action FindDatabase, Func<Task> EndAsync);

    [StoreTheory]
    [MemberData(nameof(WallClockJumpsInHours))]
    public async Task A_key_revoked_elsewhere_is_used_for_half_a_second_whatever_the_wall_clock_says(int hours)
    {
        using HttpClient client = Service.Client();
        string kid = (await client.GenerateAsync(KeyUseVerbs.Aes)).Text("kid");
        byte[] ciphertext = (await EncryptAsync(client)).Bytes("ciphertext");
        await DecryptAsync(client, ciphertext);
        await RevokeElsewhereAsync(kid);

        Service.Time.ShiftWallClock(TimeSpan.FromHours(hours));
        Service.Time.Advance(FreshnessLimit.MaxAge);
        (await EncryptAsync(client)).ShouldBe(HttpStatusCode.OK);
        (await DecryptAsync(client, ciphertext)).ShouldBe(HttpStatusCode.OK);
        (await client.ActiveAsync(KeyUseVerbs.Aes)).Text("status").Should().Be("active", "it is shown by what its use goes by");

        Service.Time.Advance(_atOnce);
        (await client.GetJsonAsync($"/kms/keys/{kid}")).Text("status").Should().Be("revoked");
        (await client.ActiveAsync(KeyUseVerbs.Aes)).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await UseByKidAsync(client, kid)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_006");
        (await EncryptAsync(client)).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await DecryptAsync(client, ciphertext)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_006");

        // And what is made under the moved clock works.
        (await client.GenerateAsync(KeyUseVerbs.Aes)).Number("key_version").Should().Be(2);
        (await client.RotateAsync(KeyUseVerbs.Aes)).Number("key_version").Should().Be(3);
        (await EncryptAsync(client)).ShouldBe(HttpStatusCode.OK).Number("key_version").Should().Be(3);
    }

    [StoreTheory]
    [MemberData(nameof(WallClockJumpsInHours))]
    public async Task An_API_key_revoked_elsewhere_is_let_in_for_half_a_second_whatever_the_wall_clock_says(int hours)
    {
        string apiKey = await Service.CreateTenantAsync("tenant");
        using HttpClient client = Service.ClientFor(apiKey);
        (await client.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
        await RevokeElsewhereAsync(apiKey, CredentialState.Revoked);

        Service.Time.ShiftWallClock(TimeSpan.FromHours(hours));
        Service.Time.Advance(FreshnessLimit.MaxAge);
        (await client.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);

        Service.Time.Advance(_atOnce);
        (await client.GetJsonAsync("/kms/keys")).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");
    }

    [StoreTheory]
    [MemberData(nameof(WallClockJumpsInHours))]
    public async Task What_cannot_be_read_again_is_not_served_from_memory(int hours)
    {
        using HttpClient client = Service.Client();
        using HttpClient stranger = Service.ClientFor(
            ForgedKeys.WithSecretOf(Service.InitialApiKey, await Service.CreateTenantAsync("other")));
        string kid = (await client.GenerateAsync(KeyUseVerbs.Aes)).Text("kid");
        byte[] ciphertext = (await EncryptAsync(client)).Bytes("ciphertext");
        await DecryptAsync(client, ciphertext);
        _subject!.LoseDatabase();

        // What is known is young enough, and what has to be asked is refused at once.
        (await EncryptAsync(client)).ShouldBe(HttpStatusCode.OK);
        (await DecryptAsync(client, ciphertext)).ShouldBe(HttpStatusCode.OK);
        (await client.GetJsonAsync($"/kms/keys/{kid}")).ShouldSayLater();
        (await stranger.GetJsonAsync("/kms/keys")).ShouldSayLater();

        Service.Time.ShiftWallClock(TimeSpan.FromHours(hours));
        Service.Time.Advance(FreshnessLimit.MaxAge + _atOnce);
        for (int again = 0; again < 2; again++)
        {
            (await EncryptAsync(client)).ShouldSayLater();
            (await DecryptAsync(client, ciphertext)).ShouldSayLater();
            (await client.GetJsonAsync("/kms/supported-algorithms")).ShouldSayLater();
        }

        _subject!.FindDatabase();
        await Eventually.HoldsAsync(async () => (await client.GetJsonAsync("/kms/keys")).Status == HttpStatusCode.OK);
        (await EncryptAsync(client)).ShouldBe(HttpStatusCode.OK);
        (await DecryptAsync(client, ciphertext)).ShouldBe(HttpStatusCode.OK);
    }

    // The key itself is in memory for minutes; whether it may be used is not.
    [StoreFact]
    public async Task A_private_key_in_memory_is_not_used_when_its_state_cannot_be_read()
    {
        using HttpClient client = Service.Client();
        string kid = (await client.GenerateAsync(KeyUseVerbs.Dsa)).Text("kid");
        (await SignAsync(client, kid)).ShouldBe(HttpStatusCode.OK);

        // Authentication is fresh, the key's state is not.
        Service.Time.OutliveCaches();
        (await client.GetJsonAsync("/kms/supported-algorithms")).ShouldBe(HttpStatusCode.OK);
        _subject!.LoseDatabase();

        (await SignAsync(client, kid)).ShouldSayLater();
        _subject!.FindDatabase();
        await Eventually.HoldsAsync(async () => (await SignAsync(client, kid)).Status == HttpStatusCode.OK);
    }

    private static Task<Answer> EncryptAsync(HttpClient client) => client.UseAsync("/crypto/encrypt", new { plaintext = _plaintext });

    private static Task<Answer> UseByKidAsync(HttpClient client, string kid) =>
        client.UseAsync("/crypto/encrypt", new { plaintext = _plaintext, kid });

    private static Task<Answer> DecryptAsync(HttpClient client, byte[] ciphertext) =>
        client.UseAsync("/crypto/decrypt", new { ciphertext });

    private static Task<Answer> SignAsync(HttpClient client, string kid) =>
        client.UseAsync("/signature/sign", new { message = _plaintext, kid });

    private T Get<T>()
        where T : notnull => Service.Services.GetRequiredService<T>();

    /// <summary>As another node writes it: what this one keeps in memory is not told.</summary>
    private async Task RevokeElsewhereAsync(string kid)
    {
        RowSealer sealer = Get<RowSealer>();
        Credential owner = await FindAsync(Service.InitialApiKey);
        await Get<IKmsStore>().WriteAsync(
            async session =>
            {
                VersionWithKey found = (await Repositories.Keys.FindWithKeyAsync(session, owner.TenantId, Kid.FromStored(kid)))!;
                KeyVersion version = sealer.Open(found.Version);
                Key key = sealer.Open((await Repositories.Keys.LockKeyAsync(session, version.TenantId, version.KeyId))!);
                KeyVersion revoked = version with
                {
                    State = KeyState.Revoked,
                    RevokedAt = version.CreatedAt,
                    RowVersion = version.RowVersion + 1,
                };
                await Repositories.Keys.UpdateVersionAsync(session, sealer.Seal(revoked));
                return await Service.WriteKeyAsync(
                    session,
                    sealer.Seal(key with { ActiveKid = null, States = key.States.With(revoked), RowVersion = key.RowVersion + 1 }));
            },
            CancellationToken.None);
    }

    private async Task RevokeElsewhereAsync(string apiKey, CredentialState state)
    {
        Credential credential = await FindAsync(apiKey);
        await Get<IKmsStore>().WriteAsync(
            session => Repositories.Credentials.UpdateAsync(session, Get<RowSealer>().Seal(credential with { State = state })),
            CancellationToken.None);
    }

    private async Task<Credential> FindAsync(string apiKey) => Get<RowSealer>().Open(
        (await Get<IKmsStore>().ReadAsync(
            session => Repositories.Credentials.FindByLookupIdAsync(session, Credential.ApiKeyKind, apiKey[5..17]),
            CancellationToken.None))!);
}
