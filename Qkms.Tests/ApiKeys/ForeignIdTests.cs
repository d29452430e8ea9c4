using System.Buffers.Text;
using FluentAssertions.Execution;
using Qkms.Api.Hosting;
using Qkms.Tests.Devices;
using Qkms.Tests.Rotations;
using static Qkms.Tests.ApiKeys.ApiKeyVerbs;

namespace Qkms.Tests.ApiKeys;

/// <summary>
/// Every place of every route of openapi.yaml that names something: what the caller may not know of gets the answer of something that is
/// not there, byte for byte but for request id and time. The routes and their members are read from the description, so that a new one is
/// tried too; one that this class cannot fill, or cannot tell from a name, fails it.
/// </summary>
public sealed class ForeignIdTests : ServiceTests
{
    private const string Theirs = "theirs";
    private const string Nobodys = "nobody";

    // What may stand in a query or a body and names nothing. A ciphertext of ML-KEM alone names no key and never fails.
    private static readonly string[] _plain =
    [
        "algorithm", "status", "state", "limit", "format", "use", "direction", "stream", "action", "since", "until", "order",
        "waiting_days", "reason", "context", "aad", "items", "plaintext", "bytes", "encoding", "strict", "follow", "mode", "destination",
        "kem_ciphertext", "symmetric_key", "message", "hash", "hash_algorithm", "mu", "mac", "signature", "signature_context", "kind",
        "padding", "key_version",
        "expected_key_version", "oaep_hash", "soft_usage_limit", "max_usage_limit", "soft_limit_expiration", "expires_at", "process_until",
        "auto_rotate", "rotation_period", "labels", "allow_no_active", "new_key", "allow_algorithm_change", "scheduled_at",
        "label", "roles", "permissions", "key_names", "grace_seconds", "plan",
    ];

    // A kid is unique in its tenant and chosen by whoever makes it: docs/permissions.md says what that tells.
    private static readonly string[] _makesKid = ["POST /kms/keys/generate kid", "POST /kms/keys/{kid}/rotations new_key.kid"];

    // These succeed, and all that they make is new.
    private static readonly string[] _makes = [.. _makesKid, "POST /kms/keys/generate name", "POST /devices/{device_id}/keys device_id"];

    private readonly Dictionary<string, string> _kids = [];
    private readonly Dictionary<string, string> _own = [];
    private int _fresh;

    /// <summary>Q-32, V-05: another tenant's ids say nothing, on no route and in no place.</summary>
    [Fact]
    public async Task Another_tenants_ids_answer_like_random_ones_everywhere()
    {
        using HttpClient ours = App.ClientFor(await App.CreateTenantAsync("ours"));
        Client.Should().NotBeNull();

        int compared = await CompareAsync(asking: ours, owner: Client, making: ours, isSameTenant: false);

        compared.Should().BeGreaterThan(65);
    }

    /// <summary>K-08, E-06: for an API key that is narrowed to other names, neither do those of its own tenant.</summary>
    [Fact]
    public async Task Ids_out_of_scope_answer_like_random_ones_everywhere()
    {
        await App.CreateTenantAsync("second");
        using HttpClient narrowed = await App.NarrowedClientAsync(keyScope: "default mine/*");

        int compared = await CompareAsync(asking: narrowed, owner: Client, making: Client, isSameTenant: true);

        compared.Should().BeGreaterThan(60);
    }

    /// <summary>K-06, Q-32: the description has every route of the table, so that none is left out here.</summary>
    [Fact]
    public async Task The_description_has_every_route() =>
        (await DescribedRoute.ReadAsync(Client)).Select(route => route.ToString().Replace("{key}", "{kid}", StringComparison.Ordinal))
            .Should().BeEquivalentTo(RoutePermissions.All.Select(row =>
                $"{row.Verb} {row.Path}".Replace("{key}", "{kid}", StringComparison.Ordinal)));

    private async Task<int> CompareAsync(HttpClient asking, HttpClient owner, HttpClient making, bool isSameTenant)
    {
        foreach (string algorithm in new[] { "AES-256", "ML-KEM-768", "ML-DSA-65", "HMAC-256" })
        {
            _kids[algorithm] = (await owner.GenerateAsync(algorithm, new { name = Theirs })).Text("kid");
            await making.GenerateAsync(algorithm);
        }

        Dictionary<string, string> theirs = await NamesOfAsync(owner);
        await MakeCiphertextsAsync(making, KeyName.Default.Value, _own);
        await NoteApiKeyAsync(making, _own);
        int compared = 0;
        using AssertionScope all = new();

        // What is made has the name or the kid that was asked for, so that comes last.
        foreach ((DescribedRoute route, string place) in (await DescribedRoute.ReadAsync(owner)).Where(NeedsApiKey)
            .SelectMany(route => PlacesOf(route).Select(place => (route, place)))
            .OrderBy(one => _makes.Contains($"{one.route} {one.place}")))
        {
            string what = $"{route} {place}";
            string kind = KindOf(route, place);
            if (isSameTenant && (_makesKid.Contains(what) || kind is "actor" or "cursor" or "tenant"))
                continue;

            string named = kind == "kid" ? _kids[AlgorithmOf(route)] : Of(theirs, $"{kind} {route.Path}", kind);
            string random = RandomLike(kind, named);
            Answer toTheirs = await SendAsync(route, place, named);
            Answer toRandom = await SendAsync(route, place, random);

            bool isMade = _makes.Contains(what);
            Substance(toTheirs, named, isMade).Should().Be(Substance(toRandom, random, isMade), what);
            toTheirs.Headers.Keys.Should().BeEquivalentTo(toRandom.Headers.Keys, what);
            if (route.Verb != HttpMethod.Get && !_makes.Contains(what))
                ShouldBeRefusedAsMissing(toTheirs, what, IsForOperators(route));

            // Nothing but what was put there may be at fault: else the answers would be alike for another reason.
            (toTheirs.Body.Contains(KmsErrors.Invalid.Code, StringComparison.Ordinal) && kind != "cursor")
                .Should().BeFalse($"{what}: {toTheirs}");
            compared++;
        }

        foreach (string kid in _kids.Values)
            (await owner.GetJsonAsync($"/kms/keys/{kid}")).Text("status").Should().Be("active");

        return compared;

        async Task<Answer> SendAsync(DescribedRoute route, string place, string value)
        {
            (string path, JsonObject? body) = await FillAsync(route, place, value, making);
            return await asking.SendJsonAsync(route.Verb, path, body?.ToJsonString());
        }
    }

    // Who is no operator is refused before anybody looks what is there.
    private static bool IsForOperators(DescribedRoute route) =>
        RoutePermissions.All.Any(row => row.Verb == route.Verb.Method
            && row.Path == route.Path
            && row.Permission is { } permission
            && Permissions.All.Single(one => one.Permission == permission).Roles == Roles.Operator);

    private static void ShouldBeRefusedAsMissing(Answer answer, string what, bool isForOperators)
    {
        if (isForOperators)
        {
            ((string?)answer.Json["error"]?["error_code"]).Should().Be(KmsErrors.NotPermitted.Code, what);
            return;
        }

        string? code = answer.Status == HttpStatusCode.OK
            ? (string?)answer.Data["items"]?[0]?["error"]?["error_code"]
            : (string?)answer.Json["error"]?["error_code"];
        code.Should().BeOneOf(
            [KmsErrors.KeyVersionNotFound.Code, KmsErrors.NotFound.Code, KmsErrors.DecryptionFailed.Code], $"{what}: {answer}");
    }

    private static bool NeedsApiKey(DescribedRoute route) => !route.Path.StartsWith("/health/", StringComparison.Ordinal);

    // What names something: all of a path, and of query and body what is not known to name nothing.
    private static IEnumerable<string> PlacesOf(DescribedRoute route) =>
    [
        .. route.Parameters.Where(parameter => parameter.IsInPath || !_plain.Contains(parameter.Name)).Select(parameter => parameter.Name),
        .. PlacesOf(route.Body ?? [], ""),
    ];

    private static IEnumerable<string> PlacesOf(IReadOnlyList<DescribedMember> members, string prefix) => members.SelectMany(member =>
        PlacesOf(member.Members, $"{prefix}{member.Name}{(member.Type == "array" ? "[]" : "")}.")
            .Concat(_plain.Contains(member.Name) ? [] : [$"{prefix}{member.Name}"]));

    private static string KindOf(DescribedRoute route, string place) => place.Split('.')[^1] switch
    {
        "device_id" => "device",
        "kid" when IsOfDevices(route) => "device kid",
        "ciphertext" when IsOfDevices(route) => "device ciphertext",
        "kid" or "key" => "kid",
        "id" when route.Path.StartsWith("/kms/rotation-jobs/", StringComparison.Ordinal) => "job",
        "api_key_id" => "api key",
        "tenant_id" => "tenant",
        "name" => "name",
        "actor" => "actor",
        "cursor" => "cursor",
        "wrapped_key" => "wrapped_key",
        "ciphertext" when route.Path.StartsWith("/data-keys/", StringComparison.Ordinal) => "data key",
        "ciphertext" when route.Path == "/kem/decrypt" => "hpke",
        "ciphertext" => "blob",
        _ => throw new InvalidOperationException(
            $"{nameof(ForeignIdTests)} does not know what '{place}' of {route} is. Does it name something of a tenant's? Then say here how "
            + $"to fill it with another tenant's and with a random one; else add it to {nameof(_plain)}."),
    };

    private static bool IsOfDevices(DescribedRoute route) => route.Path.StartsWith("/devices/", StringComparison.Ordinal);

    private static string AlgorithmOf(DescribedRoute route) => route.Path.Split('/')[1] switch
    {
        "kem" => "ML-KEM-768",
        "signature" => "ML-DSA-65",
        "mac" => "HMAC-256",
        _ => "AES-256",
    };

    // What the owner has of each kind, and cursors by their lists.
    private async Task<Dictionary<string, string>> NamesOfAsync(HttpClient owner)
    {
        await owner.RotateAsync("AES-256", new { name = Theirs });
        string rotated = _kids["AES-256"];
        _kids["AES-256"] = (await owner.GetJsonAsync($"/kms/keys/active?algorithm=AES-256&name={Theirs}")).Text("kid");
        string job = (await owner.ScheduleAsync(_kids["AES-256"], App.InHours(24))).Text("id");
        await owner.ScheduleAsync(_kids["ML-DSA-65"], App.InHours(24));
        Dictionary<string, string> names = new()
        {
            ["name"] = Theirs,
            ["job"] = job,
            ["actor"] = (string)(await owner.GetJsonAsync("/audit/events?action=key.generated&limit=1")).Data["events"]![0]!["actor_id"]!,
            ["cursor /kms/keys"] = await CursorAsync("/kms/keys?"),
            ["cursor /kms/rotation-jobs"] = await CursorAsync("/kms/rotation-jobs?"),
            ["cursor /kms/keys/{kid}/chain"] = await CursorAsync($"/kms/keys/{rotated}/chain?"),
            ["cursor /audit/events"] = await CursorAsync("/audit/events?"),
        };
        await MakeCiphertextsAsync(owner, Theirs, names);
        await NoteApiKeyAsync(owner, names);
        names["cursor /api-keys"] = await CursorAsync("/api-keys?");
        names["cursor /tenants"] = await CursorAsync("/tenants?");
        return names;

        async Task<string> CursorAsync(string list) => (await owner.GetJsonAsync($"{list}limit=1")).Text("next_cursor");
    }

    private static async Task NoteApiKeyAsync(HttpClient client, Dictionary<string, string> names)
    {
        Answer made = (await client.UseAsync("/api-keys", new { label = "named", roles = Words("user") })).ShouldBe(HttpStatusCode.Created);
        (names["api key"], names["tenant"]) = (made.Text("api_key_id"), made.Text("tenant_id"));
    }

    private static async Task MakeCiphertextsAsync(HttpClient client, string name, Dictionary<string, string> made)
    {
        made["blob"] = await MakeAsync("/crypto/encrypt", "ciphertext", new { plaintext = "AAAA" });
        made["data key"] = await MakeAsync("/data-keys/generate", "ciphertext", new { });
        made["hpke"] = await MakeAsync("/kem/encrypt", "ciphertext", new { plaintext = "AAAA" });
        made["wrapped_key"] = await MakeAsync("/kem/key/wrap", "wrapped_key", new { symmetric_key = "AAAA" });
        made["kem_ciphertext"] = await MakeAsync("/kem/encapsulate", "kem_ciphertext", new { });
        made["device"] = $"device-of-{name}";
        Answer device = (await client.RegisterAsync(made["device"])).ShouldBe(HttpStatusCode.Created);
        made["device kid"] = device.Text("kid");
        made["device ciphertext"] = Convert.ToBase64String(device.Encrypt("x"));

        async Task<string> MakeAsync(string route, string member, object input) =>
            (await client.MustUseAsync(route, input, new { name })).Text(member);
    }

    private static string Of(Dictionary<string, string> names, string exact, string kind) =>
        names.GetValueOrDefault(exact) ?? names.GetValueOrDefault(kind)
        ?? throw new InvalidOperationException($"{nameof(ForeignIdTests)} does not know how to fill '{exact}'.");

    // As long as the other one, and of its form: what differs is what it names.
    private static string RandomLike(string kind, string named)
    {
        switch (kind)
        {
            case "kid" or "job" or "actor" or "api key" or "tenant" or "device kid":
                return new IdGenerator(TimeProvider.System).Next().ToString();
            case "name":
                return Nobodys;
            case "device":
                return $"device-of-{Nobodys}";
            case "cursor":
                return Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Base64Url.GetMaxDecodedLength(named.Length)));
            case "blob" or "data key":
                byte[] blob = Convert.FromBase64String(named);
                RandomNumberGenerator.Fill(blob.AsSpan(5, 16));
                return Convert.ToBase64String(blob);
            default:
                return Convert.ToBase64String(RandomNumberGenerator.GetBytes(Convert.FromBase64String(named).Length));
        }
    }

    // A request that would succeed but for what stands in one place.
    private async Task<(string Path, JsonObject? Body)> FillAsync(DescribedRoute route, string place, string value, HttpClient making)
    {
        string path = route.Path;
        List<string> query = [];
        bool isInBody = true;
        foreach (DescribedParameter parameter in route.Parameters)
        {
            isInBody &= parameter.Name != place;
            if (parameter.IsInPath)
                path = path.Replace($"{{{parameter.Name}}}", await OfPathAsync(parameter.Name), StringComparison.Ordinal);
            else if (parameter.Name == place)
                query.Add($"{place}={value}");
            else if (parameter.Name == "algorithm" && (parameter.IsRequired || IsNumberOfName(route, place)))
                query.Add($"algorithm={AlgorithmOf(route)}");
            else
                parameter.IsRequired.Should().BeFalse($"{route} {parameter.Name}");
        }

        JsonObject? body = route.Body is null ? null : Body(route, route.Body, isInBody ? place : null, value);
        return ($"{path}{(query.Count == 0 ? "" : "?")}{string.Join('&', query)}", body);

        async Task<string> OfPathAsync(string parameter) =>
            parameter == place ? value
            : parameter == "tenant_id" ? _own["tenant"]
            : parameter == "device_id" ? _own["device"]
            : parameter == "kid" && IsOfDevices(route) ? _own["device kid"]
            : IsNumberOfName(route, place) ? "1"
            : (await making.GenerateAsync("AES-256", new { name = $"mine/{++_fresh}" })).Text("kid");
    }

    // A number needs a name and an algorithm; a kid takes neither.
    private static bool IsNumberOfName(DescribedRoute route, string place) =>
        place == "name" && route.Path.Contains("{key}", StringComparison.Ordinal);

    private JsonObject Body(DescribedRoute route, IReadOnlyList<DescribedMember> members, string? place, string value)
    {
        JsonObject body = [];
        string[] way = place?.Split('.', 2) ?? [];
        bool isItem = way.Length > 0 && way[0].EndsWith("[]", StringComparison.Ordinal);
        foreach (DescribedMember member in members)
        {
            if (way is [var last] && member.Name == last)
                body[member.Name] = value;
            else if (isItem && way[0] == $"{member.Name}[]")
                body[member.Name] = new JsonArray(Body(route, member.Members, way[1], value));
            else if (way.Length == 2 && way[0] == member.Name)
                body[member.Name] = Body(route, member.Members, way[1], value);
            else if (Input(route, member) is { } input && (member.IsRequired || (!isItem && place != "wrapped_key")))
                body[member.Name] = input;
            else
                member.IsRequired.Should().BeFalse($"{route} {member.Name}: say in {nameof(ForeignIdTests)} what to put there");
        }

        return body;
    }

    // What an operation works on, and what it cannot do without.
    private JsonNode? Input(DescribedRoute route, DescribedMember member) => (member.Name, member.Type) switch
    {
        ("plaintext" or "symmetric_key" or "message" or "mac" or "signature", "string") => "AAAA",
        ("hash", _) => Convert.ToBase64String(new byte[32]),
        ("hash_algorithm", _) when member.IsRequired => "SHA-256",
        ("mu", _) => Convert.ToBase64String(new byte[64]),
        ("kem_ciphertext", _) => _own["kem_ciphertext"],
        ("ciphertext", _) => _own[KindOf(route, member.Name)],
        ("wrapped_key", _) when member.IsRequired => _own["wrapped_key"],
        ("kid", _) when member.IsRequired => _own["device kid"],
        ("algorithm", _) when member.IsRequired => AlgorithmOf(route),
        ("key_version", _) when member.IsRequired => 1,
        ("label" or "name", _) when member.IsRequired => "made",
        ("plan", _) when member.IsRequired => "free",
        ("roles", _) when member.IsRequired => new JsonArray("user"),
        ("api_key_id", _) => _own["api key"],
        _ => null,
    };

    // Of what was made, the members; of the rest, everything but what is new in every answer and what the request said.
    private static string Substance(Answer answer, string named, bool isMade)
    {
        if (answer.Body.Length == 0)
            return $"{answer.Status}";

        JsonObject body = answer.Json.AsObject();
        body.Remove("request_id");
        body.Remove("timestamp");
        return isMade && answer.ErrorCode is null
            ? $"{answer.Status} {string.Join(' ', answer.Data.AsObject().Select(member => member.Key))}"
            : $"{answer.Status} {body.ToJsonString().Replace(named, "…", StringComparison.Ordinal)}";
    }
}
