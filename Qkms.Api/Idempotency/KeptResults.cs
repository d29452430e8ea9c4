using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Qkms.Core.Idempotency;
using JsonOptions = Microsoft.AspNetCore.Http.Json.JsonOptions;

namespace Qkms.Api.Idempotency;

/// <summary>What is kept of an answer beside its status: the address of what was made, without the prefix that was asked, and the data of the envelope.</summary>
internal sealed record KeptContent(string? Location, JsonElement Data);

/// <summary>An answer that can be kept.</summary>
internal interface IKeepableResult : IResult
{
    int Status { get; }

    KeptContent ToKeptContent(JsonSerializerOptions options, LinkGenerator links);
}

/// <summary>Turns answers into what is kept, and back.</summary>
internal static class KeptResults
{
    public static AnswerToKeep Encode(object answer, IServiceProvider services)
    {
        JsonSerializerOptions options = OptionsOf(services);
        return answer switch
        {
            IKeepableResult keepable => new AnswerToKeep(keepable.Status, Write(keepable.ToKeptContent(options, services.GetRequiredService<LinkGenerator>()), options)),
            NoContent nothing => new AnswerToKeep(nothing.StatusCode, []),
            _ => throw new InvalidOperationException($"An answer of the type {answer.GetType().Name} cannot be kept."),
        };
    }

    public static KeptContent Decode(AnswerToKeep answer, IServiceProvider services) =>
        JsonSerializer.Deserialize(answer.Content, OptionsOf(services).GetTypeInfo(typeof(KeptContent))) as KeptContent
        ?? throw new InvalidOperationException("A kept answer holds nothing.");

    private static byte[] Write(KeptContent content, JsonSerializerOptions options) =>
        JsonSerializer.SerializeToUtf8Bytes(content, options.GetTypeInfo(typeof(KeptContent)));

    private static JsonSerializerOptions OptionsOf(IServiceProvider services) => services.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
}
