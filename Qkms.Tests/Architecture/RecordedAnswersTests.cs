using System.Net.Http.Headers;

namespace Qkms.Tests.Architecture;

/// <summary>
/// The examples of openapi.yaml, as somebody meets them who starts the service for the first time and presses "Execute" on each operation
/// from top to bottom.
/// </summary>
public sealed class RecordedAnswersTests : ServiceTests
{
    private const string Rewrite = "QKMS_WRITE_ANSWERS";

    // Beside the example of the request: what else an operation answers.
    private static readonly Further[] _further =
    [
        new("ListKeys", Query: "?limit=2"),
        new("GetPublicKey", Query: "?format=jwk"),
        new("ListEvents", Query: "?action=key.revoked"),
        new("RotateVersion", "now", Body: "{}"),
        new("RegisterDevice", Body: "{}"),
        new("Encrypt", "batch", Body: """
            {"items":[{"plaintext":"b25l"},{"plaintext":"dHdv","context":{"row":"2"}}],"algorithm":"AES-256","name":"demo"}
            """),
        new("Decrypt", "batch", Body: """
            {"items":[{"ciphertext":"paste+from+Encrypt++","context":{"purpose":"demo"}},{"ciphertext":"paste+from+Encrypt++"}]}
            """),
    ];

    // Lists are recorded a page at a time.
    private static readonly string[] _instead = ["ListKeys", "ListEvents"];

    private readonly FixedClock _clock = new();

    /// <summary>
    /// F-81: every operation succeeds with what is filled in; F-82: what openapi.yaml shows as its answer is what it answered.
    /// </summary>
    [Fact]
    public async Task Every_operation_answers_its_own_example_as_recorded()
    {
        JsonObject answers = await RecordAsync();

        string recorded = answers.ToJsonString(RecordedText.Format) + "\n";
        string path = Path.Combine(Repository.Root, "Qkms.Api", "Pages", "RecordedAnswers.json");
        if (Environment.GetEnvironmentVariable(Rewrite) is not null)
            await File.WriteAllTextAsync(path, recorded);

        (await File.ReadAllTextAsync(path)).Should().Be(
            recorded, $"set {Rewrite}=1 once to write the answers anew, build, and write openapi.yaml anew");
    }

    /// <summary>F-82: no answer is left to be made up from the examples of its members.</summary>
    [Fact]
    public async Task Every_success_with_a_body_shows_an_answer()
    {
        foreach (Operation operation in await DescribedAsync())
        {
            foreach ((string status, JsonNode? response) in operation.Json["responses"]!.AsObject().Where(r => r.Key[0] == '2'))
            {
                foreach ((string mediaType, JsonNode? content) in response!["content"]?.AsObject() ?? [])
                {
                    if (mediaType != "application/octet-stream")
                        (content!["example"] ?? content["examples"]).Should().NotBeNull($"{operation.Id} {status} {mediaType}");
                }
            }
        }
    }

    /// <summary>F-82: a request lists the algorithms that its operation takes, and no other.</summary>
    [Fact]
    public async Task Every_use_of_a_key_lists_the_algorithms_that_do_it()
    {
        JsonNode schemas = (await DocumentAsync())["components"]!["schemas"]!;

        Listed("EncapsulateRequest").Should().Equal(
            "ML-KEM-512", "Kyber512", "ML-KEM-768", "Kyber768", "ML-KEM-1024", "Kyber1024");
        Listed("KemDecryptRequest").Should().Equal(Listed("EncapsulateRequest"));
        Listed("UnwrapKeyRequest").Should().Equal(Listed("EncapsulateRequest"));
        Listed("GenerateDataKeyRequest").Should().Equal("AES-256");
        Listed("DecryptDataKeyRequest").Should().Equal("AES-256");
        Listed("EncryptRequest").Should().Contain(["AES-256", "ML-KEM-768", "RSA-3072"]).And.NotContain(["ML-DSA-65", "Ed25519"]);
        Listed("ReEncryptDestinationRequest").Should().Equal(Listed("EncryptRequest"));
        Listed("SignRequest").Should().Contain(["ML-DSA-65", "RSA-3072", "Ed25519"]).And.NotContain(["ML-KEM-768", "AES-256"]);
        Listed("VerifyHashRequest").Should().Contain(["ML-DSA-65", "RSA-3072"]).And.NotContain(["ML-KEM-768", "Ed25519"]);
        Listed("SignMuRequest").Should().Equal("ML-DSA-44", "Dilithium2", "ML-DSA-65", "Dilithium3", "ML-DSA-87", "Dilithium5");
        Listed("GenerateKeyRequest").Should().Contain(["ML-KEM-512", "ML-DSA-87", "RSA-4096", "Ed25519", "AES-256"]);

        string?[] Listed(string schema) =>
        [
            .. schemas[schema]!["properties"]!["algorithm"]!["enum"]!.AsArray()
                .Select(word => (string?)word)
                .Where(word => word is not null),
        ];
    }

    /// <summary>F-81: the page is in the order of a key's life, and what destroys comes last.</summary>
    [Fact]
    public async Task The_operations_of_keys_are_in_the_order_of_a_life()
    {
        IEnumerable<string> ids = (await DescribedAsync())
            .TakeWhile(operation => operation.Tag == "Keys")
            .Select(operation => operation.Id);

        ids.Should().Equal(
            "GenerateKey", "ListKeys", "GetActiveKey", "GetJsonWebKeySet", "GetPublicKey", "RotateKey", "RetireKey", "RevokeKey",
            "CancelKeyDeletion", "GetKey", "UpdateKey", "DestroyKey");
    }

    /// <summary>F-81: who has to paste something is told from which answer.</summary>
    [Fact]
    public async Task What_has_to_be_pasted_is_named()
    {
        Operation[] operations = await DescribedAsync();

        Operation[] pasting = [.. operations.Where(operation => operation.Pasted.Count > 0)];

        pasting.Select(operation => operation.Id).Should().BeEquivalentTo(
            "GetRotationJob", "CancelRotationJob", "GetDeviceKeyValidity", "DecryptFromDevice", "RevokeDeviceKey",
            "GetApiKey", "UpdateApiKey", "DisableApiKey", "EnableApiKey", "RotateApiKey", "RevokeApiKey",
            "GetTenant", "UpdateTenant", "SuspendTenant", "ResumeTenant", "DeleteTenant", "CancelTenantDeletion",
            "Decrypt", "ReEncrypt", "Decapsulate", "KemDecrypt", "UnwrapKey", "Verify", "VerifyHash", "VerifyMu", "VerifyMac",
            "DecryptDataKey");
        foreach (Operation operation in pasting)
        {
            foreach ((string member, string source) in operation.Pasted)
            {
                ((string?)operation.Json["description"]).Should().Contain($"`{member}` from the response of {source}");
                operations.TakeWhile(other => other != operation).Should().Contain(other => other.Id == source, "it stands before");
            }
        }
    }

    private protected override QkmsApplication NewApplication() => new()
    {
        Settings = { ["Qkms:DemoKeys"] = "true" },
        FurtherServices = services => services.AddSingleton<TimeProvider>(_clock),
    };

    private async Task<JsonObject> RecordAsync()
    {
        RecordedText text = new();
        Dictionary<string, JsonNode> last = [];
        JsonObject all = [];
        foreach (Operation operation in await DescribedAsync())
        {
            JsonArray answers = [];
            foreach ((string summary, string? query, string? body) in RequestsOf(operation))
            {
                _clock.Pass(TimeSpan.FromMinutes(1));
                string? filled = body is null ? null : Encrypted(operation, RecordedText.Fill(body, last), last);
                Answer answer = await Client.SendJsonAsync(operation.Verb, operation.Path(query, last), filled);
                ((int)answer.Status).Should().BeInRange(200, 299, $"{operation.Id} {filled}: {answer.Body}");
                if (answer.Body.Length == 0)
                    continue;

                string mediaType = MediaTypeHeaderValue.Parse(answer.Headers["Content-Type"]).MediaType!;
                JsonNode content = mediaType.EndsWith("json", StringComparison.Ordinal) ? answer.Json : JsonValue.Create(answer.Body);
                if (summary is "" or "one" && content is JsonObject && content["data"] is { } data)
                {
                    last[operation.Id] = data.DeepClone();
                    ((bool?)data["valid"]).Should().NotBe(false, operation.Id);
                }

                answers.Add(new JsonObject
                {
                    ["status"] = ((int)answer.Status).ToString(System.Globalization.CultureInfo.InvariantCulture),
                    ["media_type"] = mediaType,
                    ["summary"] = summary,
                    ["body"] = text.Of(operation.Id, content),
                });
            }

            if (answers.Count > 0)
                all[operation.Id] = answers;
        }

        return all;
    }

    // What a device sends no operation answers: the device makes it, with the public key that it got.
    private static string Encrypted(Operation operation, string body, Dictionary<string, JsonNode> answers)
    {
        if (operation.Id != "DecryptFromDevice")
            return body;

        using RSA key = RSA.Create();
        key.ImportFromPem((string)answers["RegisterDevice"]["public_key"]!);
        JsonNode request = JsonNode.Parse(body)!;
        request["ciphertext"] = Convert.ToBase64String(key.Encrypt("hello"u8, RSAEncryptionPadding.OaepSHA256));
        return request.ToJsonString();
    }

    private static IEnumerable<(string Summary, string? Query, string? Body)> RequestsOf(Operation operation)
    {
        Further[] further = [.. _further.Where(f => f.OperationId == operation.Id)];
        string summaryOfExample = further.Any(f => f.Summary.Length > 0) ? "one" : "";
        if (!_instead.Contains(operation.Id))
            yield return (summaryOfExample, null, operation.Example?.ToJsonString(RecordedText.Format));

        foreach (Further one in further)
            yield return (one.Summary, one.Query, one.Body);
    }

    private async Task<JsonNode> DocumentAsync()
    {
        using HttpClient client = App.ClientFor(null);
        return (await client.GetJsonAsync("/swagger/v1/swagger.json")).Json;
    }

    // As the page shows them: by tag, and within a tag as they are described.
    private async Task<Operation[]> DescribedAsync()
    {
        JsonNode document = await DocumentAsync();
        List<string> tags = [.. document["tags"]!.AsArray().Select(tag => (string)tag!["name"]!)];
        return
        [
            .. document["paths"]!.AsObject()
                .SelectMany(path => path.Value!.AsObject().Select(verb => new Operation(path.Key, verb.Key, verb.Value!)))
                .OrderBy(operation => tags.IndexOf(operation.Tag)),
        ];
    }

    private sealed record Further(string OperationId, string Summary = "", string? Query = null, string? Body = null);

    private sealed record Operation(string Template, string VerbName, JsonNode Json)
    {
        public string Id => (string)Json["operationId"]!;

        public string Tag => (string)Json["tags"]![0]!;

        public HttpMethod Verb => new(VerbName.ToUpperInvariant());

        /// <summary>Members of the body and parameters that are to be pasted, with the operation whose answer has them.</summary>
        public Dictionary<string, string> Pasted => RecordedText.PastedFrom(Example)
            .Concat((Json["parameters"]?.AsArray() ?? [])
                .Select(parameter => KeyValuePair.Create(
                    (string)parameter!["name"]!, parameter["example"] is { } example ? RecordedText.PastedFrom((string)example!) : null))
                .Where(parameter => parameter.Value is not null)
                .Select(parameter => KeyValuePair.Create(parameter.Key, parameter.Value!)))
            .ToDictionary();

        public JsonNode? Example => Json["requestBody"]?["content"]?.AsObject().First().Value?["example"];

        /// <summary>The path with its example values, and the query of them unless there is another.</summary>
        /// <param name="query">The other query.</param>
        /// <param name="answers">What was answered before: some values are pasted from there.</param>
        public string Path(string? query, Dictionary<string, JsonNode> answers)
        {
            string path = Template;
            List<string> pairs = [];
            foreach (JsonNode? parameter in Json["parameters"]?.AsArray() ?? [])
            {
                string name = (string)parameter!["name"]!;
                string? value = (string?)parameter["example"];
                if (value is not null && RecordedText.PastedFrom(value) is { } source)
                    value = (string?)answers[source][name];

                if ((string?)parameter["in"] == "path")
                    path = path.Replace($"{{{name}}}", value, StringComparison.Ordinal);
                else if (value is not null)
                    pairs.Add($"{name}={value}");
            }

            return path + (query ?? (pairs.Count > 0 ? $"?{string.Join('&', pairs)}" : ""));
        }
    }

    /// <summary>A wall clock that moves when it is told to.</summary>
    private sealed class FixedClock : TimeProvider
    {
        private DateTimeOffset _now = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => _now;

        public void Pass(TimeSpan by) => _now += by;
    }
}
