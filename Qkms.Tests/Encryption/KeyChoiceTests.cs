namespace Qkms.Tests.Encryption;

/// <summary>Which key a request means, and whether it may be used: every operation, by kid, by number and by name alone.</summary>
public sealed class KeyChoiceTests : ServiceTests
{
    private const string Name = "app/one";

    public enum Standing
    {
        Active,
        Rotated,
        Retired,
        Revoked,
        Expired,
        ExpiredAndRetired,
        Spent,
        Unprocessable,
        Waiting,
        RotatedAndWaiting,
        Destroyed,
        Disabled,
    }

    public enum By
    {
        Kid,
        Number,
        Name,
    }

    // Q-27, Q-41, Q-44, A-03, A-18, DESIGN section 2: what each status may do.
    [Theory]
    [InlineData(Standing.Active)]
    [InlineData(Standing.Rotated)]
    [InlineData(Standing.Retired)]
    [InlineData(Standing.Revoked)]
    [InlineData(Standing.Expired)]
    [InlineData(Standing.ExpiredAndRetired)]
    [InlineData(Standing.Spent)]
    [InlineData(Standing.Unprocessable)]
    [InlineData(Standing.Waiting)]
    [InlineData(Standing.RotatedAndWaiting)]
    [InlineData(Standing.Destroyed)]
    [InlineData(Standing.Disabled)]
    public async Task Every_operation_meets_every_status_as_the_table_says(Standing standing)
    {
        IReadOnlyList<PreparedUse> uses = await PreparedUse.PrepareAsync(Client, Name);
        foreach (string kid in uses.Select(use => use.Kid).Distinct())
            await BringToAsync(App, Client, kid, standing);

        foreach (PreparedUse use in uses)
        {
            foreach ((By by, object choice) in new[] { (By.Kid, use.ByKid), (By.Number, use.ByNumber), (By.Name, use.ByName) })
            {
                Answer answer = await use.SendAsync(Client, choice);
                Verdict(answer).Should().Be(Expected(standing, use, by), $"{use} by {by}, {standing}: {answer.Body}");
            }
        }
    }

    // Q-27
    [Fact]
    public async Task A_retired_version_chosen_by_number_reads_and_names_its_successor_instead_of_making()
    {
        await ShareServiceAsync();
        IReadOnlyList<PreparedUse> uses = await PreparedUse.PrepareAsync(Client, Name);
        Dictionary<string, string> successors = [];
        foreach (string kid in uses.Select(use => use.Kid).Distinct())
            successors[kid] = await RotateAsync(Client, kid);

        foreach (PreparedUse use in uses)
        {
            Answer answer = await use.SendAsync(Client, use.ByNumber);
            if (use.Creates)
            {
                answer.ShouldNameNext("ERR_KMS_008", successors[use.Kid]);
                continue;
            }

            answer.ShouldBe(HttpStatusCode.OK).Text("kid").Should().Be(use.Kid, $"{use}");
            answer.Number("key_version").Should().Be(1);
            answer.Data["requested_kid"].Should().BeNull();
            if (use.Verifies)
                ((bool)answer.Data["valid"]!).Should().BeTrue();
        }
    }

    [Fact]
    public async Task A_kid_with_other_members_that_mean_another_key_is_refused_by_field()
    {
        await ShareServiceAsync();
        foreach (PreparedUse use in await PreparedUse.PrepareAsync(Client, Name))
        {
            string other = use.Algorithm == "ML-KEM-512" ? "ML-KEM-1024" : "ML-KEM-512";
            (await use.SendAsync(Client, new { kid = use.Kid, algorithm = other })).ShouldBlame("algorithm");
            (await use.SendAsync(Client, new { kid = use.Kid, key_version = 2 })).ShouldBlame("key_version");
            (await use.SendAsync(Client, new { kid = use.Kid, name = "default" })).ShouldBlame("name");
            Answer all = (await use.SendAsync(Client, new { kid = use.Kid, key_version = 2, algorithm = other, name = "x" }))
                .ShouldBlame("key_version");
            all.Details.Count.Should().Be(3);
            (await use.SendAsync(Client, new { kid = use.Kid, key_version = 1, algorithm = use.Algorithm, name = Name }))
                .ShouldBe(HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task What_does_not_exist_is_not_found()
    {
        await ShareServiceAsync();
        foreach (PreparedUse use in await PreparedUse.PrepareAsync(Client, Name))
        {
            (await use.SendAsync(Client, new { kid = "unknown" })).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
            (await use.SendAsync(Client, new { kid = "0198f5c2-7d1e-7c3a-9b54-2f0c6a1e8d37" }))
                .ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
            (await use.SendAsync(Client, new { key_version = 2, algorithm = use.Algorithm, name = Name }))
                .ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
            (await use.SendAsync(Client, new { key_version = int.MaxValue, algorithm = use.Algorithm, name = Name }))
                .ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
            (await use.SendAsync(Client, new { key_version = 1, algorithm = use.Algorithm, name = "other" }))
                .ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        }
    }

    [Fact]
    public async Task A_choice_that_cannot_be_one_is_refused_by_field()
    {
        await ShareServiceAsync();
        foreach (PreparedUse use in await PreparedUse.PrepareAsync(Client, Name))
        {
            (await use.SendAsync(Client, new { kid = "a..b" })).ShouldBlame("kid");
            (await use.SendAsync(Client, new { kid = "" })).ShouldBlame("kid");
            (await use.SendAsync(Client, new { kid = 5 })).ShouldBlame("kid");
            (await use.SendAsync(Client, new { key_version = 0 })).ShouldBlame("key_version");
            (await use.SendAsync(Client, new { key_version = -1 })).ShouldBlame("key_version");
            (await use.SendAsync(Client, new { key_version = "1" })).ShouldBlame("key_version");
            (await use.SendAsync(Client, new { key_version = 1.5 })).ShouldBlame("key_version");
            (await use.SendAsync(Client, new { key_version = 2147483648L })).ShouldBlame("key_version");
            (await use.SendAsync(Client, new { algorithm = "kyber-768" })).ShouldBlame("algorithm");
            (await use.SendAsync(Client, new { name = "a//b" })).ShouldBlame("name");
            (await use.SendAsync(Client, new { tenant_id = "x" })).ShouldBlame("tenant_id");
        }
    }

    // Q-32
    [Fact]
    public async Task A_kid_of_another_tenant_is_answered_as_one_that_does_not_exist()
    {
        using HttpClient owner = App.Client();
        using HttpClient stranger = App.ClientFor(await App.CreateTenantAsync("stranger"));

        foreach (PreparedUse use in await PreparedUse.PrepareAsync(owner, Name))
        {
            Answer foreign = await use.SendAsync(stranger, use.ByKid);
            Answer unknown = await use.SendAsync(stranger, new { kid = "unknown" });
            Substance(foreign).Should().Be(Substance(unknown), $"{use}");
            unknown.ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
            (await use.SendAsync(stranger, use.ByNumber)).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        }
    }

    /// <summary>K-08: for a narrowed API key a key of another name is not there, however it is named.</summary>
    [Fact]
    public async Task A_narrowed_api_key_finds_no_key_of_other_names()
    {
        using HttpClient owner = App.Client();
        IReadOnlyList<PreparedUse> uses = await PreparedUse.PrepareAsync(owner, Name);
        using HttpClient outsider = await App.NarrowedClientAsync(keyScope: "web other/*");
        using HttpClient insider = await App.NarrowedClientAsync(keyScope: "app/*");

        foreach (PreparedUse use in uses)
        {
            Answer hidden = await use.SendAsync(outsider, use.ByKid);
            Substance(hidden).Should().Be(Substance(await use.SendAsync(outsider, new { kid = "unknown" })), $"{use}");
            hidden.ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
            (await use.SendAsync(outsider, use.ByNumber)).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
            Answer byName = await use.SendAsync(outsider, use.ByName);
            if (use.NamesItsKey)
                byName.ShouldNotDecrypt();
            else
                byName.ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
            (await use.SendAsync(insider, use.ByKid)).ShouldBe(HttpStatusCode.OK);
            (await use.SendAsync(insider, use.ByName)).ShouldBe(HttpStatusCode.OK);
            Answer byDefault = await use.SendAsync(insider, new { algorithm = use.Algorithm });
            if (use.NamesItsKey)
                byDefault.ShouldNotDecrypt();
            else
                byDefault.ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        }
    }

    // Q-10
    [Fact]
    public async Task Without_any_choice_the_default_algorithm_and_name_are_meant_and_the_spelling_of_the_request_is_repeated()
    {
        await ShareServiceAsync();
        IReadOnlyList<PreparedUse> uses = await PreparedUse.PrepareAsync(Client, "default");

        foreach (PreparedUse use in uses)
        {
            string family = use.Route.Split('/')[1];
            string expected = family switch { "kem" => KeyVerbs.Kem, "signature" => KeyUseVerbs.Dsa, _ => KeyUseVerbs.Aes };
            if (use.Algorithm == expected)
            {
                Answer answer = (await use.SendAsync(Client, new { })).ShouldBe(HttpStatusCode.OK);
                answer.Text("kid").Should().Be(use.Kid, $"{use}");
                answer.Text("algorithm").Should().Be(expected);
            }

            string alias = use.Algorithm switch { KeyVerbs.Kem => "Kyber768", KeyUseVerbs.Dsa => "Dilithium3", string other => other };
            Answer spelled = (await use.SendAsync(Client, new { algorithm = alias })).ShouldBe(HttpStatusCode.OK);
            spelled.Text("kid").Should().Be(use.Kid, $"{use}");
            spelled.Text("algorithm").Should().Be(alias);
            spelled.Text("algorithm_id").Should().Be(use.Algorithm);
        }
    }

    private static string Expected(Standing standing, PreparedUse use, By by) => standing switch
    {
        Standing.Active => "200",

        // By its kid it stands for its successor, but not to sign; the name means the successor. F-60: where something is opened or
        // checked the name means all that may, and where each of them would give a result it is not enough.
        Standing.Rotated when use.Creates && by == By.Number => "ERR_KMS_008",
        Standing.Rotated when use.Signs && by == By.Kid => "ERR_KMS_008",
        Standing.Rotated when use.Route == "/kem/decapsulate" && by == By.Name => "ERR_INVALID_001",
        Standing.Rotated => "200",

        Standing.Retired when by == By.Name && use.Creates => "ERR_KMS_003",
        Standing.Retired => use.Creates ? "ERR_KMS_008" : "200",

        Standing.Revoked when by == By.Name && use.Creates => "ERR_KMS_003",
        Standing.Revoked => "ERR_KMS_006",

        Standing.Expired => use.Creates ? "ERR_KMS_007" : "200",
        Standing.ExpiredAndRetired when by == By.Name && use.Creates => "ERR_KMS_003",
        Standing.ExpiredAndRetired => use.Creates ? "ERR_KMS_007" : "200",
        Standing.Spent => use.Counts ? "ERR_KMS_007" : "200",

        Standing.Unprocessable when by == By.Name && use.Creates => "ERR_KMS_003",
        Standing.Unprocessable => use.Creates ? "ERR_KMS_008" : "ERR_KMS_007",

        // Not followed by its kid: who still uses it is to notice before it is gone. The name means the successor, and a key that is on
        // its way out is not tried: what was made with it does not open, and where nothing fails the name is not enough.
        Standing.RotatedAndWaiting when use.Route == "/kem/decapsulate" && by == By.Name => "ERR_INVALID_001",
        Standing.RotatedAndWaiting when by == By.Name && (use.Creates || use.Verifies) => "200",
        Standing.RotatedAndWaiting when by == By.Name && !use.NamesItsKey => "ERR_KEM_001",
        Standing.Waiting when by == By.Name && use.Creates => "ERR_KMS_003",
        Standing.Waiting or Standing.RotatedAndWaiting => "ERR_KMS_010",

        Standing.Destroyed when by == By.Name && use.Creates => "ERR_KMS_003",
        Standing.Destroyed => "ERR_KMS_010",
        Standing.Disabled => "ERR_KMS_011",
        _ => throw new ArgumentOutOfRangeException(nameof(standing)),
    };

    private static async Task BringToAsync(QkmsApplication app, HttpClient client, string kid, Standing standing)
    {
        switch (standing)
        {
            case Standing.Active:
                break;
            case Standing.Rotated:
                await RotateAsync(client, kid);
                break;
            case Standing.Retired:
                await RetireAsync(client, kid);
                break;
            case Standing.Revoked:
                (await client.RevokeAsync(kid)).ShouldBe(HttpStatusCode.NoContent);
                break;
            case Standing.Expired:
                await app.RewriteAsync(kid, version => version with { ExpiresAt = version.CreatedAt });
                break;
            case Standing.ExpiredAndRetired:
                await RetireAsync(client, kid);
                await app.RewriteAsync(kid, version => version with { ExpiresAt = version.CreatedAt });
                break;
            case Standing.Spent:
                await app.RewriteAsync(kid, version => version with { MaxUsageLimit = 0 });
                break;
            case Standing.Unprocessable:
                await RetireAsync(client, kid);
                await app.RewriteAsync(kid, version => version with { ProcessUntil = version.CreatedAt });
                break;
            case Standing.Waiting:
                await RetireAsync(client, kid);
                (await client.DestroyAsync(kid)).ShouldBe(HttpStatusCode.Accepted);
                break;
            case Standing.RotatedAndWaiting:
                await RotateAsync(client, kid);
                (await client.DestroyAsync(kid)).ShouldBe(HttpStatusCode.Accepted);
                break;
            case Standing.Destroyed:
                await RetireAsync(client, kid);
                (await client.DestroyAsync(kid, """{"waiting_days":7}""")).ShouldBe(HttpStatusCode.Accepted);
                (await app.SweepAfterAsync(TimeSpan.FromDays(7))).Should().Be(1);
                break;
            case Standing.Disabled:
                await app.RewriteKeyAsync(kid, key => key with { Enablement = KeyEnablement.Disabled });
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(standing));
        }
    }

    private static async Task<string> RotateAsync(HttpClient client, string kid)
    {
        JsonNode key = (await client.GetJsonAsync($"/kms/keys/{kid}")).Data;
        return (await client.RotateAsync((string)key["algorithm"]!, new { name = Name, use = key["use"] })).Text("kid");
    }

    private static async Task RetireAsync(HttpClient client, string kid)
    {
        JsonNode key = (await client.GetJsonAsync($"/kms/keys/{kid}")).Data;
        (await client.RetireAsync(1, (string)key["algorithm"]!, new { name = Name, use = key["use"], allow_no_active = true }))
            .ShouldBe(HttpStatusCode.OK);
    }

    private static string Verdict(Answer answer) => answer.Status == HttpStatusCode.OK ? "200" : answer.ErrorCode ?? $"{answer.Status}";

    private static string Substance(Answer answer) => $"{(int)answer.Status} {answer.Json["error"]!.ToJsonString()}";
}
