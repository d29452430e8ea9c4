using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Qkms.Core.Idempotency;
using JsonOptions = Microsoft.AspNetCore.Http.Json.JsonOptions;

namespace Qkms.Api.Idempotency;

/// <summary>Marks a route that takes an Idempotency-Key.</summary>
internal sealed record TakesIdempotencyKey;

/// <summary>
/// The Idempotency-Key header (draft-ietf-httpapi-idempotency-key-header): a request that is retried with the same key runs once and gets
/// the original response. Only routes that create or change something take it; others ignore it, because they have no effect to repeat.
/// </summary>
internal static class IdempotencyKeys
{
    public const string HeaderName = "Idempotency-Key";
    public const string RepeatedHeaderName = "Idempotency-Replayed";

    private const char FirstVisible = '!';
    private const char LastVisible = '~';

    /// <summary>Refuses malformed keys after the permission of the route, and before its handler checks what the body says.</summary>
    public static RouteGroupBuilder CheckIdempotencyKeys(this RouteGroupBuilder group) => group.AddEndpointFilter((context, next) =>
    {
        if (context.HttpContext.GetEndpoint()?.Metadata.GetMetadata<TakesIdempotencyKey>() is not null)
            _ = Read(context.HttpContext.Request);

        return next(context);
    });

    /// <summary>Lets a route take keys. Its handler calls <see cref="RequestOf"/> before, and <see cref="MarkRepeated"/> after.</summary>
    public static RouteHandlerBuilder WithIdempotencyKey(this RouteHandlerBuilder route) => route
        .WithMetadata(new TakesIdempotencyKey())
        .Refuses(KmsErrors.IdempotencyKeyReused);

    /// <summary>The request as one that its sender may repeat; null when it has no key.</summary>
    /// <param name="http">The request; verb and path are part of what it is.</param>
    /// <param name="caller">Who makes it.</param>
    /// <param name="body">Its body as it was understood: white space and the order of members make no other request.</param>
    public static RepeatableRequest? RequestOf<TBody>(HttpContext http, Caller caller, TBody? body)
        where TBody : class
    {
        if (Read(http.Request) is not { } key)
            return null;

        JsonSerializerOptions options = http.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
        byte[] content = JsonSerializer.SerializeToUtf8Bytes(body, (JsonTypeInfo<TBody?>)options.GetTypeInfo(typeof(TBody)));
        string operation = $"{http.Request.Method} {http.Request.Path}";
        return new RepeatableRequest(key, RepeatableRequest.FingerprintOf(caller.CredentialId, operation, content));
    }

    /// <summary>Says in the answer's head that it is the answer to a repeated request, if it is.</summary>
    public static void MarkRepeated(HttpContext http, Done done)
    {
        if (done.IsRepeated)
            http.Response.Headers[RepeatedHeaderName] = "true";
    }

    private static string? Read(HttpRequest request)
    {
        if (!request.Headers.TryGetValue(HeaderName, out StringValues values))
            return null;

        return values is [{ Length: > 0 and <= RepeatableRequest.MaxKeyLength } key]
            && !key.AsSpan().ContainsAnyExceptInRange(FirstVisible, LastVisible)
            ? key
            : throw KmsErrors.Invalid.With(
                $"The header {HeaderName} is not valid.",
                new FieldError(HeaderName, $"must occur once and have 1 to {RepeatableRequest.MaxKeyLength} visible ASCII characters"));
    }
}
