using Qkms.Core.ApiKeys;

namespace Qkms.Tests.ApiKeys;

public sealed class ApiKeyAuthenticationTests : ServiceTests
{
    // Q-02, Q-31
    [Theory]
    [InlineData("/kms/keys")]
    [InlineData("/api/v1/kms/keys")]
    [InlineData("/kms/supported-algorithms")]
    [InlineData("/nowhere")]
    [InlineData("/kms/keys/x/y/z")]
    public async Task Without_a_key_everything_is_401_unknown_routes_too(string path)
    {
        using HttpClient client = App.ClientFor(null);

        foreach (string verb in new[] { "GET", "POST", "DELETE" })
        {
            Answer answer = await client.SendJsonAsync(new HttpMethod(verb), path, null);
            answer.ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");
            answer.Headers.Should().ContainKey("WWW-Authenticate");
        }
    }

    // Q-02, Q-31: malformed, mistyped, unknown and wrong are one answer.
    [Fact]
    public async Task A_wrong_key_is_answered_like_a_missing_one()
    {
        string valid = App.InitialApiKey;
        string other = await OtherKeyAsync();
        string[] wrong =
        [
            "", "x", "qkms_", valid[..^1], valid + "0", valid.ToUpperInvariant(), Mistyped(valid), other,
            ForgedKeys.WithSecretOf(valid, other), new string('a', 8_000), $"{valid},{valid}", $" {valid}x", "schlüssel",
        ];

        foreach (string key in wrong)
        {
            using HttpClient client = App.ClientFor(null);
            client.DefaultRequestHeaders.TryAddWithoutValidation("x-api-key", key);
            (await client.GetJsonAsync("/kms/keys")).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");
        }
    }

    // Q-02
    [Fact]
    public async Task The_header_is_read_in_any_case_and_only_once()
    {
        using HttpClient client = App.ClientFor(null);
        client.DefaultRequestHeaders.Add("X-API-KEY", App.InitialApiKey);
        (await client.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);

        client.DefaultRequestHeaders.Add("X-API-KEY", App.InitialApiKey);
        (await client.GetJsonAsync("/kms/keys")).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");
    }

    // K-04: no token is a proof of anything, a JWT with a tenant in it as little as an API key in the wrong header.
    [Fact]
    public async Task A_token_lets_nobody_in_and_changes_nothing_for_who_is_in()
    {
        string claims = Convert.ToBase64String("""{"sub":"operator","tenant":"default"}"""u8);
        string[] tokens =
        [
            $"Bearer eyJhbGciOiJub25lIn0.{claims}.", $"Bearer {App.InitialApiKey}",
            $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"x-api-key:{App.InitialApiKey}"))}",
        ];
        foreach (string token in tokens)
        {
            using HttpClient stranger = App.ClientFor(null);
            stranger.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", token).Should().BeTrue();
            (await stranger.GetJsonAsync("/kms/keys")).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");

            using HttpClient known = App.ClientFor(App.InitialApiKey);
            known.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", token).Should().BeTrue();
            (await known.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
        }
    }

    // Threat model: somebody with the port and no API key costs no database write.
    [FactIf(Requirement.Sqlite)]
    public async Task A_flood_of_wrong_keys_writes_nothing()
    {
        using HttpClient client = App.ClientFor(ForgedKeys.WithSecretOf(App.InitialApiKey, await OtherKeyAsync()));
        long[] before = Sizes(App);

        // No more at once than may wait.
        foreach (int[] atOnce in Enumerable.Range(0, 500).Chunk(100))
        {
            Answer[] answers = await Task.WhenAll(atOnce.Select(_ => client.GetJsonAsync("/kms/keys")));
            answers.Should().OnlyContain(answer => answer.Status == HttpStatusCode.Unauthorized);
        }

        Sizes(App).Should().Equal(before);

        static long[] Sizes(QkmsApplication app) => [.. TestStorage.StoredBytes(app.DataDirectory).Select(file => file.LongLength)];
    }

    // F-16: whoever knows an id, and not its secret, learns nothing of its row and fills no log.
    [Fact]
    public async Task A_damaged_row_answers_who_cannot_prove_himself_with_401_and_one_line()
    {
        string valid = App.InitialApiKey;
        using HttpClient stranger = App.ClientFor(ForgedKeys.WithSecretOf(valid, await OtherKeyAsync()));
        using HttpClient owner = App.ClientFor(valid);
        using (Database database = App.OpenDatabase())
            database.Execute($"UPDATE credentials SET roles = 15 WHERE lookup_id = '{valid[5..17]}'").Should().Be(1);

        App.Time.OutliveCaches();
        for (int i = 0; i < 20; i++)
        {
            Answer refused = (await stranger.GetJsonAsync("/kms/keys")).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");
            refused.Headers.Should().ContainKey("WWW-Authenticate");
        }

        Alarms().Should().ContainSingle("it is said once").Which.Should().Contain("the protection of credential ");

        // The owner has proven himself, and is told that it is not his fault.
        (await owner.GetJsonAsync("/kms/keys")).ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");

        string[] Alarms() => [.. App.Log.Lines.Where(line => line.StartsWith("Critical ", StringComparison.Ordinal))];
    }

    // F-16, siblings: the tenant's row is lost or damaged, the hash key that the row names is none, or the verifier itself is changed.
    [Theory]
    [InlineData("UPDATE tenants SET plan = 'free'", 0)]
    [InlineData("DELETE FROM tenants", 0)]
    [InlineData("UPDATE credentials SET hash_key_id = zeroblob(16)", 1)]
    [InlineData("UPDATE credentials SET verifier = zeroblob(32)", 1)]
    [InlineData("UPDATE credentials SET verifier = x''", 1)]
    [InlineData("UPDATE credentials SET seal = zeroblob(33)", 1)]
    public async Task Whatever_is_damaged_is_no_business_of_a_stranger(string sql, int alarms)
    {
        string valid = App.InitialApiKey;
        using HttpClient stranger = App.ClientFor(ForgedKeys.WithSecretOf(valid, await OtherKeyAsync()));
        using (Database database = App.OpenDatabase())
            database.Execute(sql);

        App.Time.OutliveCaches();
        for (int i = 0; i < 5; i++)
            (await stranger.GetJsonAsync("/kms/keys")).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");

        App.Log.Lines.Count(line => line.StartsWith("Critical ", StringComparison.Ordinal)).Should().Be(alarms);
    }

    // K-05
    [Fact]
    public async Task A_disabled_revoked_or_expired_key_is_refused()
    {
        string owner = App.InitialApiKey;
        DateTimeOffset past = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);
        Func<Credential, Credential>[] changes =
        [
            c => c with { State = CredentialState.Disabled },
            c => c with { State = CredentialState.Revoked },
            c => c with { ExpiresAt = past },
            c => c with { GraceUntil = past },
        ];

        foreach (Func<Credential, Credential> change in changes)
        {
            using HttpClient client = App.ClientFor(await App.CreateApiKeyAsync(owner, Roles.Admin, change));
            (await client.GetJsonAsync("/kms/keys")).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");
        }
    }

    // Q-02: keys issued under an earlier prefix go on working.
    [Fact]
    public async Task The_prefix_is_a_setting_of_new_keys_only()
    {
        using TemporaryDirectory directory = new();
        string first;
        await using (QkmsApplication app = new(directory.Path))
            first = app.InitialApiKey;

        await using QkmsApplication renamed = new(directory.Path) { Settings = { ["Qkms:ApiKeys:Prefix"] = "acme_live" } };
        using HttpClient old = renamed.ClientFor(first);
        (await old.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
        string second = await renamed.CreateApiKeyAsync(first, Roles.Admin);
        second.Should().StartWith("acme_live_");
        using HttpClient @new = renamed.ClientFor(second);
        (await @new.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>K-02: a visible id, 43 characters of base 62, which are 256 bits, and a checksum.</summary>
    [Fact]
    public void An_issued_key_has_the_documented_shape()
    {
        App.InitialApiKey.Should().MatchRegex("^qkms_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$");
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(Path.Combine(App.DataDirectory, "initial-api-key"))
                .Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private static async Task<string> OtherKeyAsync()
    {
        await using QkmsApplication other = new();
        return other.InitialApiKey;
    }

    private static string Mistyped(string key) => key[..30] + (key[30] == 'A' ? 'B' : 'A') + key[31..];
}
