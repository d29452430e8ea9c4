using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Qkms.Api.Http;
using Qkms.Core.Callers;
using Qkms.Core.Errors;
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

    private const char FirstVisible = '!';
    private const char LastVisible = '~';

    /// <summary>Refuses malformed keys, before anything else of the request is checked.</summary>
    public static RouteGroupBuilder CheckIdempotencyKeys(this RouteGroupBuilder group) => group.AddEndpointFilter((context, next) =>
    {
        if (context.HttpContext.GetEndpoint()?.Metadata.GetMetadata<TakesIdempotencyKey>() is not null)
            _ = Read(context.HttpContext.Request);

        return next(context);
    });

    /// <summary>Lets a route take keys. It comes after the checks of syntax and permission: a caller without permission must not see a stored response.</summary>
    /// <typeparam name="TRequest">The request's body; together with verb and path it identifies the same request.</typeparam>
    public static RouteHandlerBuilder WithIdempotencyKey<TRequest>(this RouteHandlerBuilder route)
        where TRequest : class => route
        .WithMetadata(new TakesIdempotencyKey())
        .Refuses(KmsErrors.IdempotencyKeyReused)
        .AddEndpointFilter((context, next) => Read(context.HttpContext.Request) is { } key ? RunAsync<TRequest>(key, context, next) : next(context));

    private static string? Read(HttpRequest request)
    {
        if (!request.Headers.TryGetValue(HeaderName, out StringValues values))
            return null;

        return values is [{ Length: > 0 and <= RepeatableRequest.MaxKeyLength } key] && !key.AsSpan().ContainsAnyExceptInRange(FirstVisible, LastVisible)
            ? key
            : throw KmsErrors.Invalid.With(
                $"The header {HeaderName} is not valid.",
                new FieldError(HeaderName, $"must occur once and have 1 to {RepeatableRequest.MaxKeyLength} visible ASCII characters"));
    }

    private static async ValueTask<object?> RunAsync<TRequest>(string key, EndpointFilterInvocationContext context, EndpointFilterDelegate next)
        where TRequest : class
    {
        HttpContext http = context.HttpContext;
        int position = PositionOf<Caller>(context.Arguments) ?? throw new InvalidOperationException("The route has no caller.");
        Caller caller = (Caller)context.Arguments[position]!;
        byte[] fingerprint = RepeatableRequest.FingerprintOf(caller.CredentialId, $"{http.Request.Method} {http.Request.Path}", ContentOf<TRequest>(context));
        RepeatableRequest request = new(key, fingerprint, answer => KeptResults.Encode(answer, http.RequestServices));
        KeptAnswers answers = http.RequestServices.GetRequiredService<KeptAnswers>();

        if (await answers.FindAsync(caller.TenantId, request, http.RequestAborted) is { } earlier)
            return new RepeatedResult(earlier);

        context.Arguments[position] = caller with { Repeatable = request };
        try
        {
            return await next(context);
        }
        catch (KmsException)
        {
            // Perhaps only because the same request was faster on another connection or node; then its answer is the answer to this one too.
            if (await answers.FindAsync(caller.TenantId, request, http.RequestAborted) is { } meanwhile)
                return new RepeatedResult(meanwhile);

            throw;
        }
    }

    // Of what was understood, not of the text: white space and the order of members make no other request.
    private static byte[] ContentOf<TRequest>(EndpointFilterInvocationContext context)
        where TRequest : class
    {
        JsonSerializerOptions options = context.HttpContext.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
        TRequest? body = PositionOf<TRequest>(context.Arguments) is { } position ? (TRequest?)context.Arguments[position] : null;
        return JsonSerializer.SerializeToUtf8Bytes(body, (JsonTypeInfo<TRequest?>)options.GetTypeInfo(typeof(TRequest)));
    }

    private static int? PositionOf<T>(IList<object?> arguments)
    {
        for (int i = 0; i < arguments.Count; i++)
        {
            if (arguments[i] is T)
                return i;
        }

        return null;
    }
}
