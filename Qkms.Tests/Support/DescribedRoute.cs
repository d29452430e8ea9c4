namespace Qkms.Tests.Support;

/// <summary>An operation as the description of the API has it, from which openapi.yaml is written.</summary>
/// <param name="Verb">The verb.</param>
/// <param name="Path">The path, with its parameters in braces.</param>
/// <param name="Parameters">The parameters of path and query.</param>
/// <param name="Body">The members of the body; null when it takes none.</param>
internal sealed record DescribedRoute(
    HttpMethod Verb, string Path, IReadOnlyList<DescribedParameter> Parameters, IReadOnlyList<DescribedMember>? Body)
{
    public override string ToString() => $"{Verb} {Path}";

    /// <summary>Every operation of the running service.</summary>
    public static async Task<IReadOnlyList<DescribedRoute>> ReadAsync(HttpClient client)
    {
        JsonObject document = (await client.GetJsonAsync("/swagger/v1/swagger.json")).Json.AsObject();
        return
        [
            .. from path in document["paths"]!.AsObject()
               from operation in path.Value!.AsObject()
               let body = operation.Value!["requestBody"]
               select new DescribedRoute(
                   new HttpMethod(operation.Key.ToUpperInvariant()),
                   path.Key,
                   ParametersOf(document, operation.Value!),
                   body is null ? null : MembersOf(document, Resolve(document, body)["content"]!.AsObject().First().Value!["schema"]!)),
        ];
    }

    private static DescribedParameter[] ParametersOf(JsonObject document, JsonNode operation) =>
    [
        .. (operation["parameters"]?.AsArray() ?? []).Select(parameter => Resolve(document, parameter!))
            .Where(parameter => (string)parameter["in"]! is "path" or "query")
            .Select(parameter => new DescribedParameter(
                (string)parameter["name"]!, (string)parameter["in"]! == "path", (bool?)parameter["required"] == true)),
    ];

    // A member that may be an object has the members of that, and a list has those of its items.
    private static DescribedMember[] MembersOf(JsonObject document, JsonNode schema)
    {
        JsonObject resolved = Resolve(document, schema);
        string[] required = [.. (resolved["required"]?.AsArray() ?? []).Select(name => (string)name!)];
        return
        [
            .. (resolved["properties"]?.AsObject() ?? []).Select(property => new DescribedMember(
                property.Key,
                required.Contains(property.Key),
                TypeOf(Resolve(document, property.Value!)),
                MembersOf(document, Resolve(document, property.Value!)["items"] ?? property.Value!))),
        ];
    }

    private static string TypeOf(JsonObject schema) => schema["type"] switch
    {
        JsonArray types => types.Select(type => (string)type!).First(type => type != "null"),
        { } type => (string)type!,
        null => "object",
    };

    private static JsonObject Resolve(JsonObject document, JsonNode node)
    {
        JsonNode? target = node["$ref"] is { } reference
            ? ((string)reference!).Split('/').Skip(1).Aggregate((JsonNode?)document, (at, name) => at![name])
            : node["oneOf"]?.AsArray().FirstOrDefault(one => one!["$ref"] is not null);
        return target is null ? node.AsObject() : Resolve(document, target);
    }
}

/// <summary>A parameter of a path or a query.</summary>
internal sealed record DescribedParameter(string Name, bool IsInPath, bool IsRequired);

/// <summary>A member of a body.</summary>
internal sealed record DescribedMember(string Name, bool IsRequired, string Type, IReadOnlyList<DescribedMember> Members);
