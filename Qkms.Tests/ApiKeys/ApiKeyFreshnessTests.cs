using Qkms.Core.ApiKeys;
using Qkms.Core.Tenants;

namespace Qkms.Tests.ApiKeys;

/// <summary>What was read of an API key is used for half a second, by those who know its secret.</summary>
public sealed class ApiKeyFreshnessTests : ServiceTests
{
    // As another node changes it: this one is not told.
    [Fact]
    public async Task A_key_revoked_elsewhere_is_refused_after_half_a_second()
    {
        string apiKey = await App.CreateTenantAsync("tenant");
        using HttpClient client = App.ClientFor(apiKey);
        (await client.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
        await ChangeAsync(App, apiKey, credential => credential with { State = CredentialState.Revoked });

        App.Time.Advance(FreshnessLimit.MaxAge);
        (await client.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
        App.Time.Advance(TimeSpan.FromMilliseconds(1));
        (await client.GetJsonAsync("/kms/keys")).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");
    }

    [Fact]
    public async Task A_change_made_here_is_seen_by_the_next_request()
    {
        string apiKey = await App.CreateTenantAsync("tenant");
        using HttpClient client = App.ClientFor(apiKey);
        (await client.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
        await ChangeAsync(App, apiKey, credential => credential with { State = CredentialState.Revoked });
        App.Services.GetRequiredService<ApiKeyAuthenticator>().ForgetAll();

        (await client.GetJsonAsync("/kms/keys")).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");
    }

    [Fact]
    public async Task A_tenant_suspended_elsewhere_is_refused_after_half_a_second_and_let_in_again()
    {
        string apiKey = await App.CreateTenantAsync("tenant");
        using HttpClient client = App.ClientFor(apiKey);
        (await client.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);

        await ChangeTenantAsync(App, apiKey, TenantState.Suspended);
        App.Time.OutliveCaches();
        for (int i = 0; i < 2; i++)
            (await client.GetJsonAsync("/kms/keys")).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_003");

        await ChangeTenantAsync(App, apiKey, TenantState.Active);
        App.Time.OutliveCaches();
        (await client.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
    }

    // Its end is a matter of the wall clock, not of when its row was read.
    [Fact]
    public async Task A_remembered_key_ends_when_it_expires()
    {
        DateTimeOffset end = App.Time.GetUtcNow().AddHours(1);
        using HttpClient client = App.ClientFor(
            await App.CreateApiKeyAsync(App.InitialApiKey, Roles.Admin, credential => credential with { ExpiresAt = end }));
        (await client.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);

        App.Time.ShiftWallClock(TimeSpan.FromHours(1));
        (await client.GetJsonAsync("/kms/keys")).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");
    }

    // The row no longer opens, which only those notice who read it.
    [Fact]
    public async Task A_wrong_secret_reads_the_database_although_the_right_one_is_remembered()
    {
        string apiKey = await App.CreateTenantAsync("tenant");
        string wrong = ForgedKeys.WithSecretOf(apiKey, await App.CreateTenantAsync("other"));
        using HttpClient owner = App.ClientFor(apiKey);
        using HttpClient stranger = App.ClientFor(wrong);
        (await owner.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
        (await stranger.GetJsonAsync("/kms/keys")).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");
        using (Database database = App.OpenDatabase())
            database.Execute($"UPDATE credentials SET roles = 15 WHERE lookup_id = '{apiKey[5..17]}'").Should().Be(1);

        App.Log.Text.Should().NotContain("credential ");
        (await stranger.GetJsonAsync("/kms/keys")).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");
        App.Log.Text.Should().Contain("credential ", "the row was read, and said of it that its seal is broken");
        (await owner.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
    }

    // Nobody without the secret may fill the cache, or take the place of somebody in it.
    [Fact]
    public async Task Wrong_secrets_are_not_remembered()
    {
        string apiKey = await App.CreateTenantAsync("tenant");
        using HttpClient stranger = App.ClientFor(ForgedKeys.WithSecretOf(apiKey, await App.CreateTenantAsync("other")));
        for (int i = 0; i < 3; i++)
            (await stranger.GetJsonAsync("/kms/keys")).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");

        using HttpClient owner = App.ClientFor(apiKey);
        (await owner.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
        (await stranger.GetJsonAsync("/kms/keys")).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");
    }

    private protected override QkmsApplication NewApplication() => new() { Time = ManualTime.Standing() };

    private static async Task ChangeAsync(QkmsApplication app, string apiKey, Func<Credential, Credential> change)
    {
        RowSealer sealer = app.Services.GetRequiredService<RowSealer>();
        bool changed = await app.Services.GetRequiredService<IKmsStore>().WriteAsync(
            async session =>
            {
                Credential credential = sealer.Open(
                    (await Repositories.Credentials.FindByLookupIdAsync(session, Credential.ApiKeyKind, apiKey[5..17]))!);
                return await Repositories.Credentials.UpdateAsync(session, sealer.Seal(change(credential)));
            },
            CancellationToken.None);
        changed.Should().BeTrue();
    }

    private static async Task ChangeTenantAsync(QkmsApplication app, string apiKey, TenantState state)
    {
        RowSealer sealer = app.Services.GetRequiredService<RowSealer>();
        bool changed = await app.Services.GetRequiredService<IKmsStore>().WriteAsync(
            async session =>
            {
                Credential credential = sealer.Open(
                    (await Repositories.Credentials.FindByLookupIdAsync(session, Credential.ApiKeyKind, apiKey[5..17]))!);
                Tenant tenant = sealer.Open((await Repositories.Tenants.FindAsync(session, credential.TenantId))!);
                return await Repositories.Tenants.UpdateAsync(session, sealer.Seal(tenant with { State = state }));
            },
            CancellationToken.None);
        changed.Should().BeTrue();
    }
}
