using Microsoft.AspNetCore.Routing;

namespace Qkms.Tests.Integrity;

/// <summary>After a run over every route, no answer, log line or database file holds private material.</summary>
public sealed class SecretsStayInsideTests : ServiceTests
{
    // K-05
    [Fact]
    public async Task No_answer_no_log_and_no_database_file_holds_a_secret()
    {
        List<Secret> secrets = [new("initial API key", Encoding.ASCII.GetBytes(App.InitialApiKey[^49..]))];
        string second = await App.CreateApiKeyAsync(App.InitialApiKey, Roles.Admin);
        secrets.Add(new("second API key", Encoding.ASCII.GetBytes(second[^49..])));
        string[] algorithms = ["ML-KEM-512", "ML-KEM-768", "ML-KEM-1024", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87", "RSA-2048", "AES-256"];
        foreach (string algorithm in algorithms)
        {
            string first = (await Client.GenerateAsync(algorithm)).Text("kid");
            string next = (await Client.RotateAsync(algorithm)).Text("kid");
            secrets.Add(new($"private key of {algorithm} 1", await Materials.OpenAsync(App, first)));
            secrets.Add(new($"private key of {algorithm} 2", await Materials.OpenAsync(App, next)));
            await WalkEveryRouteAsync(App, Client, algorithm, next);
        }

        secrets.Add(new("root key", Convert.FromBase64String(await File.ReadAllTextAsync(Path.Combine(App.DataDirectory, "root.key")))));
        secrets.Add(new("row-seal key", App.Services.GetRequiredService<Keyring>().RowSealKey.Secret.Span.ToArray()));
        secrets.Add(new("cursor key", App.Services.GetRequiredService<Keyring>().CursorKey.Secret.Span.ToArray()));
        secrets.Add(new("API-key hashing key", App.Services.GetRequiredService<Keyring>().CredentialHashKey.Secret.Span.ToArray()));

        byte[] log = Encoding.UTF8.GetBytes(App.Log.Text);
        byte[][] files = TestStorage.StoredBytes(App.DataDirectory);
        files.Length.Should().BeGreaterThan(1, "the database and its log are searched, or every table");
        App.Answers.All.Count.Should().BeGreaterThan(algorithms.Length * 5);
        foreach (Secret secret in secrets)
        {
            secret.Bytes.Length.Should().BeGreaterThanOrEqualTo(32);
            foreach ((string form, byte[] needle) in secret.Forms())
            {
                Holds(log, needle).Should().BeFalse($"the log must not hold the {secret.Name} as {form}");
                App.Answers.All.Should().NotContain(answer => Holds(answer, needle), $"no answer may hold the {secret.Name} as {form}");
                files.Should().NotContain(file => Holds(file, needle), $"no database file may hold the {secret.Name} as {form}");
            }
        }
    }

    // The search above finds what it looks for.
    [Fact]
    public async Task The_search_finds_a_public_key_in_answers_and_in_the_database()
    {
        byte[] publicKey = Convert.FromBase64String((await Client.GenerateAsync()).Text("public_key"));
        Secret planted = new("public key", publicKey[..64]);

        TestStorage.StoredBytes(App.DataDirectory).Should().Contain(file => Holds(file, planted.Bytes));
        App.Answers.All.Should().Contain(answer => planted.Forms().Any(form => Holds(answer, form.Needle)));
    }

    private static async Task WalkEveryRouteAsync(QkmsApplication app, HttpClient client, string algorithm, string kid)
    {
        foreach (RouteEndpoint route in app.RoutesOfApi())
        {
            string path = RouteRequests.PathOf(route, kid);
            string[] queries = path switch
            {
                _ when path.EndsWith("/active", StringComparison.Ordinal) => [$"?algorithm={algorithm}"],
                _ when path.EndsWith("/public-key", StringComparison.Ordinal) => ["?format=pem", "?format=der", "?format=jwk"],
                _ => [""],
            };
            foreach (string query in queries)
            {
                Answer answer = await client.SendJsonAsync(
                    RouteRequests.VerbOf(route),
                    path + query,
                    RouteRequests.BodyOf(route, $"\"algorithm\":\"{algorithm}\",\"key_version\":1"));
                answer.Status.Should().NotBe(HttpStatusCode.InternalServerError, path);
            }
        }
    }

    // The service has the files open; a copy of the database is what an attacker would read.
    private static bool Holds(byte[] haystack, byte[] needle) => haystack.AsSpan().IndexOf(needle) >= 0;

    /// <summary>A secret in the forms in which it might leak. The first 32 bytes stand for the whole: seeds begin with them.</summary>
    private sealed record Secret(string Name, byte[] Bytes)
    {
        public IEnumerable<(string Form, byte[] Needle)> Forms()
        {
            byte[][] parts = [Bytes[..32], Bytes[^32..]];
            foreach (byte[] part in parts)
            {
                yield return ("bytes", part);
                yield return ("lower-case hex", Encoding.ASCII.GetBytes(Convert.ToHexStringLower(part)));
                yield return ("upper-case hex", Encoding.ASCII.GetBytes(Convert.ToHexString(part)));
                // In base64 a byte string looks different at each of three offsets; its inner part is the same.
                for (int offset = 0; offset < 3; offset++)
                {
                    string text = Convert.ToBase64String([.. new byte[offset], .. part]);
                    yield return ("base64", Encoding.ASCII.GetBytes(text[4..^4]));
                }
            }
        }
    }
}
