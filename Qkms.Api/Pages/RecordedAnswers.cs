using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Qkms.Api.Pages;

/// <summary>
/// Examples of successes. A test sends the examples of the requests to the service, and keeps its answers in <c>RecordedAnswers.json</c>:
/// <c>{ "operationId": [{ "status", "media_type", "summary", "body" }] }</c>, with ids, times and random bytes replaced by fixed ones.
/// </summary>
internal static class RecordedAnswers
{
    private static readonly Lazy<JsonObject> _all = new(Read);

    /// <summary>Adds them to the responses of an operation.</summary>
    public static void AddTo(OpenApiOperation operation)
    {
        if (_all.Value[operation.OperationId!] is not JsonArray recorded)
            return;

        foreach (IGrouping<(string, string), JsonObject> group in recorded.OfType<JsonObject>()
            .GroupBy(answer => ((string)answer["status"]!, (string)answer["media_type"]!)))
        {
            (string status, string mediaType) = group.Key;
            if (operation.Responses is { } responses
                && responses.TryGetValue(status, out IOpenApiResponse? response)
                && response.Content is { } contents
                && contents.TryGetValue(mediaType, out IOpenApiMediaType? content))
                AddTo((OpenApiMediaType)content, [.. group]);
        }
    }

    private static void AddTo(OpenApiMediaType content, JsonObject[] answers)
    {
        if (answers is [{ } single])
            content.Example = single["body"]!.DeepClone();
        else
            content.Examples = answers.ToDictionary(answer => (string)answer["summary"]!, IOpenApiExample (answer) => ExampleOf(answer));
    }

    private static OpenApiExample ExampleOf(JsonObject answer) => new() { Value = answer["body"]!.DeepClone() };

    private static JsonObject Read()
    {
        using Stream file = typeof(RecordedAnswers).Assembly.GetManifestResourceStream(typeof(RecordedAnswers), "RecordedAnswers.json")
            ?? throw new InvalidOperationException("RecordedAnswers.json is not part of the build.");
        return JsonNode.Parse(file)!.AsObject();
    }
}
