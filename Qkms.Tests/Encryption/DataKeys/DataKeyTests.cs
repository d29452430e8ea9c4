using System.Diagnostics;
using Microsoft.AspNetCore.Routing;
using Qkms.Api.Http;

namespace Qkms.Tests.Encryption.DataKeys;

/// <summary>/data-keys/generate and /data-keys/decrypt.</summary>
public sealed class DataKeyTests : ServiceTests
{
    // E-01, E-07
    [Theory]
    [InlineData(null, 32)]
    [InlineData(16, 16)]
    [InlineData(32, 32)]
    [InlineData(1024, 1024)]
    public async Task A_data_key_has_the_length_asked_for_and_is_recovered(int? bytes, int length)
    {
        await ShareServiceAsync();
        string kid = (await Client.GenerateAsync("AES-256", new { name = "app" })).Text("kid");

        HashSet<string> seen = [];
        foreach (object choice in new object[] { new { name = "app" }, new { kid }, new { key_version = 1, name = "app" } })
        {
            Answer made = await Client.MustUseAsync("/data-keys/generate", new { bytes }, choice);
            made.Data.AsObject().Select(m => m.Key)
                .Should().BeEquivalentTo(
                    "kid", "key_version", "algorithm", "algorithm_id", "requested_kid", "warnings", "plaintext", "ciphertext");
            made.Bytes("plaintext").Length.Should().Be(length);
            made.Text("kid").Should().Be(kid);
            seen.Add(made.Text("plaintext")).Should().BeTrue();
            Answer recovered = await Client.MustUseAsync("/data-keys/decrypt", new { ciphertext = made.Text("ciphertext") });
            recovered.Text("plaintext").Should().Be(made.Text("plaintext"));
            recovered.Text("kid").Should().Be(kid);
        }
    }

    // E-01
    [Theory]
    [InlineData("bytes", "15")]
    [InlineData("bytes", "0")]
    [InlineData("bytes", "-1")]
    [InlineData("bytes", "1025")]
    [InlineData("bytes", "2147483648")]
    [InlineData("bytes", "32.5")]
    [InlineData("bytes", "\"32\"")]
    [InlineData("plaintext", "\"false\"")]
    [InlineData("plaintext", "0")]
    [InlineData("encoding", "\"HEX\"")]
    [InlineData("encoding", "\"base64url\"")]
    [InlineData("encoding", "\"\"")]
    [InlineData("encoding", "5")]
    [InlineData("ciphertext", "\"AAAA\"")]
    public async Task What_a_data_key_cannot_be_is_refused_by_field(string member, string value)
    {
        await ShareServiceAsync();
        await Client.GenerateAsync("AES-256");

        (await Client.PostJsonAsync("/data-keys/generate", $$"""{"{{member}}":{{value}}}""")).ShouldBlame(member);
    }

    // E-01
    [Fact]
    public async Task Only_the_wrapped_form_when_asked_for_that()
    {
        await ShareServiceAsync();
        await Client.GenerateAsync("AES-256");

        foreach (object encoding in new object[] { new { }, new { encoding = "hex" } })
        {
            Answer made = await Client.MustUseAsync("/data-keys/generate", new { plaintext = false, bytes = 64 }, encoding);
            made.Data.AsObject().ContainsKey("plaintext").Should().BeTrue();
            made.Data["plaintext"].Should().BeNull();
            (await Client.MustUseAsync("/data-keys/decrypt", new { ciphertext = made.Text("ciphertext") })).Bytes("plaintext").Length
                .Should().Be(64);
        }

        (await Client.MustUseAsync("/data-keys/generate", new { plaintext = true })).Bytes("plaintext").Length.Should().Be(32);
    }

    // E-07
    [Fact]
    public async Task Hex_is_64_characters()
    {
        await ShareServiceAsync();
        await Client.GenerateAsync("AES-256");

        Answer made = await Client.MustUseAsync("/data-keys/generate", new { encoding = "hex" });

        made.Text("plaintext").Should().MatchRegex("^[0-9a-f]{64}$");
        (await Client.MustUseAsync("/data-keys/decrypt", new { ciphertext = made.Text("ciphertext"), encoding = "hex" })).Text("plaintext")
            .Should().Be(made.Text("plaintext"));
        foreach (object encoding in new object[] { new { }, new { encoding = "base64" }, new { encoding = (string?)null } })
        {
            byte[] key = (await Client.MustUseAsync("/data-keys/decrypt", new { ciphertext = made.Text("ciphertext") }, encoding))
                .Bytes("plaintext");
            Convert.ToHexStringLower(key).Should().Be(made.Text("plaintext"));
        }

        (await Client.UseAsync("/data-keys/decrypt", new { ciphertext = made.Text("ciphertext"), encoding = "HEX" }))
            .ShouldBlame("encoding");
    }

    // E-01
    [Fact]
    public async Task The_context_has_to_be_given_again()
    {
        await ShareServiceAsync();
        await Client.GenerateAsync("AES-256");
        Answer made = await Client.MustUseAsync("/data-keys/generate", new { context = new { table = "customers", column = "name" } });
        string ciphertext = made.Text("ciphertext");

        (await Client.MustUseAsync("/data-keys/decrypt", new { ciphertext, context = new { column = "name", table = "customers" } }))
            .Text("plaintext")
            .Should().Be(made.Text("plaintext"));
        foreach (object context in new object[]
        {
            new { },
            new { context = new { } },
            new { context = new { table = "customers" } },
            new { context = new { table = "customers", column = "Name" } }
        })
            (await Client.UseAsync("/data-keys/decrypt", new { ciphertext }, context)).ShouldNotDecrypt();
    }

    // E-03
    [Fact]
    public async Task A_data_key_is_recovered_without_a_key_name_after_a_rotation_and_a_restart()
    {
        using TemporaryDirectory directory = new();
        List<(string Kid, string Ciphertext, string Plaintext)> made = [];
        await using (QkmsApplication app = new(directory.Path))
        {
            using HttpClient client = app.Client();
            await client.GenerateAsync("AES-256", new { name = "app" });
            for (int i = 0; i < 3; i++)
            {
                Answer one = await client.MustUseAsync("/data-keys/generate", new { name = "app" });
                made.Add((one.Text("kid"), one.Text("ciphertext"), one.Text("plaintext")));
                await client.RotateAsync("AES-256", new { name = "app" });
            }

            await AllRecoverAsync(client);
        }

        await using QkmsApplication restarted = new(directory.Path);
        using HttpClient later = restarted.Client();
        await AllRecoverAsync(later);

        async Task AllRecoverAsync(HttpClient client)
        {
            foreach ((string kid, string ciphertext, string plaintext) in made)
            {
                Answer recovered = await client.MustUseAsync("/data-keys/decrypt", new { ciphertext });
                recovered.Text("plaintext").Should().Be(plaintext);
                recovered.Text("kid").Should().Be(kid);
            }
        }
    }

    // E-05
    [Fact]
    public async Task The_wrapped_form_survives_an_environment_variable()
    {
        await ShareServiceAsync();
        await Client.GenerateAsync("AES-256");

        foreach (int bytes in new[] { 16, 32, 1024 })
        {
            Answer made = await Client.MustUseAsync("/data-keys/generate", new { bytes });
            made.Text("ciphertext").Should().MatchRegex("^[A-Za-z0-9+/]+={0,2}$", "it is one line of the standard alphabet");
            string carried = await ThroughShellAsync(made.Text("ciphertext"));
            (await Client.MustUseAsync("/data-keys/decrypt", new { ciphertext = carried })).Text("plaintext")
                .Should().Be(made.Text("plaintext"));
        }
    }

    // E-06: every route, with a body that is well-formed.
    [Fact]
    public async Task An_api_key_narrowed_to_decrypting_data_keys_of_one_name_does_nothing_else()
    {
        string kid = (await Client.GenerateAsync("AES-256", new { name = "app" })).Text("kid");
        await Client.GenerateAsync("AES-256", new { name = "web" });
        Answer ofApp = await Client.MustUseAsync("/data-keys/generate", new { name = "app" });
        string ofWeb = (await Client.MustUseAsync("/data-keys/generate", new { name = "web" })).Text("ciphertext");
        string encrypted = (await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "AAAA", name = "app" })).Text("ciphertext");
        using HttpClient narrowed = await App.NarrowedClientAsync("data-keys:decrypt", "app");

        (await narrowed.MustUseAsync("/data-keys/decrypt", new { ciphertext = ofApp.Text("ciphertext") })).Text("plaintext")
            .Should().Be(ofApp.Text("plaintext"));
        (await narrowed.MustUseAsync("/data-keys/decrypt", new { ciphertext = ofApp.Text("ciphertext"), name = "app" })).Text("plaintext")
            .Should().Be(ofApp.Text("plaintext"));
        (await narrowed.UseAsync("/data-keys/decrypt", new { ciphertext = ofWeb })).ShouldNotDecrypt();
        (await narrowed.UseAsync("/data-keys/decrypt", new { ciphertext = ofWeb, name = "web" })).ShouldNotDecrypt();
        (await narrowed.UseAsync("/data-keys/decrypt", new { ciphertext = encrypted })).ShouldNotDecrypt();

        int refused = 0;
        RouteEndpoint[] guarded = [.. App.RoutesOfApi()
            .Where(route => route.Metadata.GetMetadata<RequiredPermission>() is { Permission: not Permission.DataKeysDecrypt })];
        foreach (RouteEndpoint route in guarded)
        {
            string path = RouteRequests.PathOf(route, kid);
            string version = path.EndsWith("/retire", StringComparison.Ordinal) ? ",\"key_version\":1" : "";
            Answer answer = await narrowed.SendJsonAsync(
                RouteRequests.VerbOf(route),
                path + (path.EndsWith("/active", StringComparison.Ordinal) ? "?algorithm=AES-256&name=app" : ""),
                RouteRequests.BodyOf(route, $"\"algorithm\":\"AES-256\",\"name\":\"app\"{version}"));
            answer.ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
            refused++;
        }

        refused.Should().BeGreaterThan(20);
    }

    // E-09
    [Fact]
    public async Task The_bare_data_key_is_in_no_log_no_file_and_no_journal()
    {
        await Client.GenerateAsync("AES-256");
        List<byte[]> dataKeys = [];
        for (int i = 0; i < 5; i++)
        {
            Answer made = await Client.MustUseAsync("/data-keys/generate", new { context = new { i = $"{i}" } });
            await Client.MustUseAsync(
                "/data-keys/decrypt", new { ciphertext = made.Text("ciphertext"), context = new { i = $"{i}" }, encoding = "hex" });
            await Client.UseAsync("/data-keys/decrypt", new { ciphertext = made.Text("ciphertext"), context = new { i = "wrong" } });
            await Client.UseAsync("/data-keys/decrypt", new { ciphertext = made.Text("plaintext") });
            await Client.UseAsync("/crypto/encrypt", new { plaintext = made.Text("plaintext"), nonsense = 1 });
            Answer moved = await Client.MustUseAsync(
                "/crypto/re-encrypt", new { ciphertext = made.Text("ciphertext"), context = new { i = $"{i}" } });
            moved.Body.Should().NotContain(made.Text("plaintext"));
            dataKeys.Add(made.Bytes("plaintext"));
        }

        await Client.RotateAsync("AES-256");
        byte[] log = Encoding.UTF8.GetBytes(App.Log.Text);
        byte[][] files = TestStorage.StoredBytes(App.DataDirectory);
        files.Length.Should().BeGreaterThan(1);
        foreach ((byte[] form, byte[] dataKey) in dataKeys.SelectMany(dataKey => Forms(dataKey).Select(form => (form, dataKey))))
        {
            Holds(log, form).Should().BeFalse();
            files.Should().NotContain(file => Holds(file, form));
        }

        // The search finds what is there.
        App.Answers.All.Should().Contain(answer => Forms(dataKeys[0]).Any(form => Holds(answer, form)));
        Holds(log, Encoding.ASCII.GetBytes("/data-keys/generate")).Should().BeTrue();
    }

    private static async Task<string> ThroughShellAsync(string text)
    {
        ProcessStartInfo start = new("sh", ["-c", "printf %s \"$QKMS_TEST_BLOB\""]) { RedirectStandardOutput = true };
        start.Environment["QKMS_TEST_BLOB"] = text;
        using Process shell = Process.Start(start)!;
        string output = await shell.StandardOutput.ReadToEndAsync();
        await shell.WaitForExitAsync();
        return output;
    }

    private static IEnumerable<byte[]> Forms(byte[] dataKey)
    {
        yield return dataKey;
        yield return Encoding.ASCII.GetBytes(Convert.ToHexString(dataKey));
        yield return Encoding.ASCII.GetBytes(Convert.ToHexStringLower(dataKey));

        // In base64 a byte string looks different at each of three offsets; its inner part is the same.
        for (int offset = 0; offset < 3; offset++)
            yield return Encoding.ASCII.GetBytes(Convert.ToBase64String([.. new byte[offset], .. dataKey])[4..^4]);
    }

    private static bool Holds(byte[] haystack, byte[] needle) => haystack.AsSpan().IndexOf(needle) >= 0;
}
