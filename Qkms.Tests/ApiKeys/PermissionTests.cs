using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Qkms.Api.Hosting;
using Qkms.Api.Http;

namespace Qkms.Tests.ApiKeys;

public sealed class PermissionTests : ServiceTests
{
    // What DESIGN section 7 gives each role; a permission without a row here fails the test below.
    private static readonly Dictionary<Permission, Roles> _holders = new()
    {
        [Permission.AlgorithmsRead] = Roles.User | Roles.Auditor | Roles.Admin | Roles.Operator,
        [Permission.KeysRead] = Roles.User | Roles.Auditor | Roles.Admin,
        [Permission.KeysGenerate] = Roles.Admin,
        [Permission.KeysRotate] = Roles.Admin,
        [Permission.KeysUpdate] = Roles.Admin,
        [Permission.KeysRetire] = Roles.Admin,
        [Permission.KeysRevoke] = Roles.Admin,
        [Permission.KeysDisable] = Roles.Admin,
        [Permission.KeysDestroy] = Roles.Admin,
        [Permission.KeysCancelDeletion] = Roles.Admin,
        [Permission.ApiKeysRead] = Roles.Auditor | Roles.Admin,
        [Permission.ApiKeysCreate] = Roles.Admin,
        [Permission.ApiKeysUpdate] = Roles.Admin,
        [Permission.ApiKeysDisable] = Roles.Admin,
        [Permission.ApiKeysRotate] = Roles.Admin,
        [Permission.ApiKeysRevoke] = Roles.Admin,
        [Permission.TenantsRead] = Roles.Operator,
        [Permission.TenantsCreate] = Roles.Operator,
        [Permission.TenantsUpdate] = Roles.Operator,
        [Permission.TenantsSuspend] = Roles.Operator,
        [Permission.TenantsDelete] = Roles.Operator,
        [Permission.TenantsCancelDeletion] = Roles.Operator,
        [Permission.AuditRead] = Roles.Auditor | Roles.Admin,
        [Permission.CryptoEncrypt] = Roles.User | Roles.Admin,
        [Permission.CryptoDecrypt] = Roles.User | Roles.Admin,
        [Permission.CryptoReEncrypt] = Roles.User | Roles.Admin,
        [Permission.KemEncapsulate] = Roles.User | Roles.Admin,
        [Permission.KemDecapsulate] = Roles.User | Roles.Admin,
        [Permission.KemWrap] = Roles.User | Roles.Admin,
        [Permission.KemUnwrap] = Roles.User | Roles.Admin,
        [Permission.Sign] = Roles.User | Roles.Admin,
        [Permission.Verify] = Roles.User | Roles.Admin,
        [Permission.SignHash] = Roles.User | Roles.Admin,
        [Permission.VerifyHash] = Roles.User | Roles.Admin,
        [Permission.SignMu] = Roles.User | Roles.Admin,
        [Permission.VerifyMu] = Roles.User | Roles.Admin,
        [Permission.GenerateMac] = Roles.User | Roles.Admin,
        [Permission.VerifyMac] = Roles.User | Roles.Admin,
        [Permission.DataKeysGenerate] = Roles.User | Roles.Admin,
        [Permission.DataKeysDecrypt] = Roles.User | Roles.Admin,
        [Permission.DevicesGenerate] = Roles.User | Roles.Admin,
        [Permission.DevicesRotate] = Roles.User | Roles.Admin,
        [Permission.DevicesRead] = Roles.User | Roles.Auditor | Roles.Admin,
        [Permission.DevicesDecrypt] = Roles.User | Roles.Admin,
        [Permission.DevicesRevoke] = Roles.Admin,
    };

    [Fact]
    public void Every_permission_belongs_to_the_roles_of_the_design()
    {
        _holders.Keys.Should().BeEquivalentTo(Enum.GetValues<Permission>());
        foreach (Roles role in new[] { Roles.User, Roles.Auditor, Roles.Admin, Roles.Operator })
            Permissions.Of(role).Should().BeEquivalentTo(_holders.Where(row => row.Value.HasFlag(role)).Select(row => row.Key), $"{role}");
    }

    /// <summary>K-06: the table has a row for every route of the running service, and no other.</summary>
    [Fact]
    public void Every_route_has_its_row_in_the_table()
    {
        Dictionary<string, Permission?> table = RoutePermissions.All.ToDictionary(row => $"{row.Verb} {row.Path}", row => row.Permission);
        RouteEndpoint[] routes = [.. Routes(App)];

        routes.Select(NameOf).Should().BeEquivalentTo(table.Keys);
        foreach (RouteEndpoint route in routes)
        {
            bool open = route.Metadata.GetMetadata<IAllowAnonymous>() is not null;
            Permission?[] needed = [.. route.Metadata.GetOrderedMetadata<RequiredPermission>().Select(one => (Permission?)one.Permission)];
            needed.Should().Equal(open ? [] : [table[NameOf(route)]], NameOf(route));
            open.Should().Be(table[NameOf(route)] is null, NameOf(route));
        }
    }

    /// <summary>K-06: only these need no API key. One more is a decision, not a row.</summary>
    [Fact]
    public void Nothing_but_health_is_open() =>
        RoutePermissions.All.Where(row => row.Permission is null).Select(row => row.Path).Should().Equal("/health/live", "/health/ready");

    /// <summary>K-06: a route without a row is nobody's: its endpoint cannot be made, and the start makes them all.</summary>
    [Fact]
    public void A_route_without_a_row_stops_the_start()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        WebApplication app = builder.Build();
        app.MapGroup("").RequirePermissions().MapPost("/kms/keys/copy", () => "copied");

        Action use = () => _ = ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).ToArray();

        use.Should().Throw<InvalidOperationException>().WithMessage("POST /kms/keys/copy has no row*");
    }

    // K-06: every route × every role.
    [Theory]
    [InlineData(Roles.User)]
    [InlineData(Roles.Auditor)]
    [InlineData(Roles.Admin)]
    [InlineData(Roles.Operator)]
    [InlineData(Roles.None)]
    internal async Task A_role_may_do_its_row_and_nothing_else(Roles role)
    {
        using HttpClient admin = App.Client();
        string kid = (await admin.GenerateAsync("ML-KEM-512")).Text("kid");
        using HttpClient client = App.ClientFor(await App.CreateApiKeyAsync(App.InitialApiKey, role));
        int refusedRoutes = 0;

        foreach (RouteEndpoint route in Routes(App).Where(r => r.Metadata.GetMetadata<RequiredPermission>() is not null))
        {
            Answer answer = await CallAsync(client, route, kid);
            bool allowed = Permissions.Of(role).Contains(route.Metadata.GetMetadata<RequiredPermission>()!.Permission);
            if (allowed)
            {
                answer.Status.Should().NotBe(HttpStatusCode.Forbidden, route.DisplayName);
                continue;
            }

            refusedRoutes++;
            answer.ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
        }

        int expected = Routes(App)
            .Select(r => r.Metadata.GetMetadata<RequiredPermission>())
            .Count(p => p is not null && (role == Roles.None || !_holders[p.Permission].HasFlag(role)));
        refusedRoutes.Should().Be(expected);
    }

    /// <summary>F-03: permission is looked at before the body and its type, and before what exists.</summary>
    [Fact]
    public async Task What_is_not_permitted_is_403_whatever_its_body_and_whether_or_not_its_key_exists()
    {
        using HttpClient client = App.ClientFor(await App.CreateApiKeyAsync(App.InitialApiKey, Roles.User));

        (await client.PostJsonAsync("/kms/keys/generate", "{}")).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
        (await client.PostJsonAsync("/kms/keys/generate", "nonsense")).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
        using (HttpRequestMessage form = new(HttpMethod.Post, "/kms/keys/generate") { Content = new StringContent("a=b") })
            (await client.SendForAnswerAsync(form)).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
        (await client.PostJsonAsync("/kms/keys/rotate", """{"algorithm":"ML-KEM-768"}"""))
            .ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
        (await client.RevokeAsync("unknown")).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
    }

    [Fact]
    public async Task A_narrowed_key_may_do_only_what_is_left_to_it()
    {
        using HttpClient admin = App.Client();
        await admin.GenerateAsync("ML-KEM-512", new { name = "app/a" });
        string other = (await admin.GenerateAsync("ML-KEM-512", new { name = "web" })).Text("kid");
        string narrowed = await App.CreateApiKeyAsync(
            App.InitialApiKey, Roles.Admin, c => c with { Permissions = "keys:read keys:rotate", KeyScope = "app/* exact" });
        using HttpClient client = App.ClientFor(narrowed);

        (await client.RotateAsync("ML-KEM-512", new { name = "app/a" })).ShouldBe(HttpStatusCode.Created);
        (await client.GetJsonAsync("/kms/keys/active?algorithm=ML-KEM-512&name=app/a")).ShouldBe(HttpStatusCode.OK);
        (await client.GetJsonAsync("/kms/keys?name=app/a")).ShouldBe(HttpStatusCode.OK);
        (await client.GetJsonAsync("/kms/keys/active?algorithm=ML-KEM-512&name=exact"))
            .ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await client.PostJsonAsync("/kms/keys/rotate", """{"algorithm":"ML-KEM-512","name":"web"}"""))
            .ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await client.GetJsonAsync($"/kms/keys/{other}")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await client.GetJsonAsync("/kms/keys/active?algorithm=ML-KEM-512&name=app"))
            .ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await client.PostJsonAsync("/kms/keys/generate", """{"algorithm":"ML-KEM-768","name":"app/b"}"""))
            .ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
    }

    private static string NameOf(RouteEndpoint route) => $"{RouteRequests.VerbOf(route)} {route.RoutePattern.RawText}";

    private static IEnumerable<RouteEndpoint> Routes(QkmsApplication app) =>
        app.RoutesOfApi();

    // A well-formed request to a route; it names a key that does not exist, so that an allowed role changes nothing.
    private static async Task<Answer> CallAsync(HttpClient client, RouteEndpoint route, string kid)
    {
        string path = RouteRequests.PathOf(route, $"no-{kid}");
        string query = path.EndsWith("/active", StringComparison.Ordinal) ? "?algorithm=ML-DSA-44" : "";
        string version = path.EndsWith("/retire", StringComparison.Ordinal) ? ",\"key_version\":7" : "";
        return await client.SendJsonAsync(
            RouteRequests.VerbOf(route),
            path + query,
            RouteRequests.BodyOf(route, $"\"algorithm\":\"ML-DSA-44\",\"name\":\"nothing\"{version}"));
    }
}
