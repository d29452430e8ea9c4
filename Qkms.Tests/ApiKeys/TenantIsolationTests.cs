using Microsoft.AspNetCore.Routing;
using Qkms.Api.Http;
using Qkms.Core.ApiKeys;
using Qkms.Core.Tenants;

namespace Qkms.Tests.ApiKeys;

public sealed class TenantIsolationTests : ServiceTests
{
    // byte for byte the answer for a random id, but for request id and time.
    [Fact]
    public async Task Every_route_answers_another_tenants_ids_like_random_ones()
    {
        using HttpClient theirs = App.Client();
        using HttpClient ours = App.ClientFor(await App.CreateTenantAsync("ours"));
        string kid = (await theirs.GenerateAsync()).Text("kid");
        string random = new IdGenerator(TimeProvider.System).Next().ToString();
        int compared = 0;

        foreach (RouteEndpoint route in App.RoutesOfApi()
            .Where(r => r.Metadata.GetMetadata<RequiredPermission>() is not null
                && (r.RoutePattern.Parameters.Count > 0 || RouteRequests.UsesKey(r))
                && !AnswersWithoutRefusal(r)))
        {
            Answer toTheirs = await SendAsync(ours, route, kid);
            Answer toRandom = await SendAsync(ours, route, random);

            Stripped(toTheirs).Should().Be(Stripped(toRandom), route.DisplayName);
            toTheirs.Status.Should().Be(IsForAdmins(route) ? HttpStatusCode.NotFound : HttpStatusCode.Forbidden, route.DisplayName);
            toTheirs.Headers.Keys.Should().BeEquivalentTo(toRandom.Headers.Keys);
            compared++;
        }

        compared.Should().BeGreaterThan(16);
        (await theirs.ActiveAsync()).Text("status").Should().Be("active");
    }

    // An operator's routes are closed before it is asked whose id it is.
    private static bool IsForAdmins(RouteEndpoint route) => Permissions.All
        .Single(row => row.Permission == route.Metadata.GetMetadata<RequiredPermission>()!.Permission).Roles.HasFlag(Roles.Admin);

    // Q-32, K-03: names, numbers and kids of one tenant say nothing in another.
    [Fact]
    public async Task Two_tenants_use_the_same_names_and_kids_without_meeting()
    {
        using HttpClient first = App.Client();
        using HttpClient second = App.ClientFor(await App.CreateTenantAsync("second"));

        Answer firstKey = await first.GenerateAsync("ML-KEM-768", new { kid = "same" });
        (await second.GetJsonAsync("/kms/keys")).Number("total").Should().Be(0);
        (await second.ActiveAsync()).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await second.PostJsonAsync("/kms/keys/rotate", """{"algorithm":"ML-KEM-768"}"""))
            .ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await second.RetireAsync(1)).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        Answer secondKey = await second.GenerateAsync("ML-KEM-768", new { kid = "same" });

        secondKey.Text("public_key").Should().NotBe(firstKey.Text("public_key"));
        (await second.RevokeAsync("same")).ShouldBe(HttpStatusCode.NoContent);
        (await first.GetJsonAsync("/kms/keys/same")).Text("status").Should().Be("active");
        (await second.GetJsonAsync("/kms/keys/same")).Text("status").Should().Be("revoked");
    }

    [Fact]
    public async Task A_cursor_of_another_tenant_is_refused()
    {
        using HttpClient first = App.Client();
        using HttpClient second = App.ClientFor(await App.CreateTenantAsync("second"));
        await first.GenerateAsync();
        await first.RotateAsync();
        string cursor = (await first.GetJsonAsync("/kms/keys?limit=1")).Text("next_cursor");

        (await second.GetJsonAsync($"/kms/keys?cursor={cursor}")).ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001");
    }

    [Fact]
    public async Task A_suspended_tenant_is_refused_with_its_own_code()
    {
        using HttpClient client = App.ClientFor(await App.CreateTenantAsync("late-payer"));
        (await client.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
        await SuspendAsync(App, "late-payer");

        (await client.GetJsonAsync("/kms/keys")).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_003");
    }

    private static async Task SuspendAsync(QkmsApplication app, string name)
    {
        using Database database = app.OpenDatabase();
        byte[] id = (byte[])database.Scalar($"SELECT id FROM tenants WHERE name = '{name}'")!;
        RowSealer sealer = app.Services.GetRequiredService<RowSealer>();
        await app.Services.GetRequiredService<IKmsStore>().WriteAsync(
            async session =>
            {
                // Whoever changes a tenant here says so.
                session.OnCommitted(app.Services.GetRequiredService<ApiKeyAuthenticator>().ForgetAll);
                Tenant tenant = sealer.Open((await Repositories.Tenants.FindAsync(session, new TenantId(new Guid(id, bigEndian: true))))!);
                return await Repositories.Tenants.UpdateAsync(session, sealer.Seal(tenant with { State = TenantState.Suspended }));
            },
            CancellationToken.None);
    }

    // The one makes what it names, and the other says of what is not there that it is not: ForeignIdTests compares both.
    private static bool AnswersWithoutRefusal(RouteEndpoint route) =>
        route.RoutePattern.RawText is "/devices/{device_id}/keys" or "/devices/{device_id}/keys/{kid}/validity";

    private static Task<Answer> SendAsync(HttpClient client, RouteEndpoint route, string kid) => client.SendJsonAsync(
        RouteRequests.VerbOf(route),
        RouteRequests.PathOf(route, kid),
        RouteRequests.BodyOf(route, $"\"kid\":\"{kid}\""));

    private static string Stripped(Answer answer)
    {
        JsonObject body = answer.Json.AsObject();
        body.Remove("request_id");
        body.Remove("timestamp");
        return $"{answer.Status} {body.ToJsonString()}";
    }
}
