using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using Qkms.Api.Logging;
using Qkms.Core.ApiKeys;
using Qkms.Core.Time;
using JsonOptions = Microsoft.AspNetCore.Http.Json.JsonOptions;

namespace Qkms.Api.Envelopes;

/// <summary>
/// The protocol of Qkms itself: one valid API key in the header <c>x-api-key</c>, JSON in UTF-8, and answers in an envelope with the id of
/// the request and the time. The header holds no longer the key but its handle: see <see cref="ApiKeyHeaderEncoding"/>.
/// </summary>
internal sealed class EnvelopeProtocol(
    ApiKeyAuthenticator authenticator, ApiKeyHandles handles, TimeProvider time, IOptions<JsonOptions> options) : Protocol
{
    public const string SchemeName = "ApiKey";
    public const string HeaderName = "x-api-key";

    public const string Json = "application/json";
    private const string JsonInUtf8 = "application/json; charset=utf-8";

    private readonly JsonSerializerOptions _json = options.Value.SerializerOptions;

    private readonly JsonWriterOptions _writing = new() { Encoder = options.Value.SerializerOptions.Encoder, SkipValidation = true };

    public override string MediaType => Json;

    public override string WantedProof => "A valid API key is required in the x-api-key header.";

    public override async ValueTask<Caller?> AuthenticateAsync(HttpContext context)
    {
        RequestFacts facts = RequestFacts.Of(context);
        facts.Stranger = StrangerRequest.NoProof;
        if (context.Request.Headers[HeaderName] is not { Count: > 0 } sent)
            return null;

        facts.Stranger = StrangerRequest.NotIssued;
        if (sent is not [string presented] || handles.Read(presented) is not { } proof)
            return null;

        facts.Stranger = StrangerRequest.NotAccepted;
        if (await authenticator.AuthenticateAsync(proof, context.RequestAborted) is not { } apiKey)
            return null;

        Caller caller = new(apiKey.TenantId, apiKey.CredentialId, apiKey.Access, facts.RequestId)
        {
            ServerRequestId = facts.ServerRequestId,
            Plan = apiKey.Plan,
            ApiKeyEndsAt = apiKey.Credential.EndsAt,
        };

        // Now for answers that are no envelope, and again for those that are started over.
        ApiKeyHeaders.Write(context, caller, time.GetUtcMilliseconds());
        return caller;
    }

    /// <summary>
    /// JSON is UTF-8 (RFC 8259, section 8.1). A media type that names another character set is refused as such: the framework would convert
    /// it, and fails on one that it does not know.
    /// </summary>
    public override void PrepareBody(HttpRequest request)
    {
        BodyType? wanted = BodyType.Of(request.HttpContext);

        // Nearly every request says just this.
        if (request.ContentType is Json && wanted is null)
            return;

        if (!request.HasJsonContentType() || !MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type))
            throw HttpErrors.UnsupportedMediaType.Refusal();

        if (wanted is not null && !type.MediaType.Equals(wanted.MediaType, StringComparison.OrdinalIgnoreCase))
            throw HttpErrors.UnsupportedMediaType.With($"The Content-Type of this route is {wanted.MediaType}.");

        if (!type.Charset.HasValue)
            return;

        if (!HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase))
            throw HttpErrors.UnsupportedMediaType.With("The body must be JSON in UTF-8.");

        // Said and true, and so of no further interest; the framework would fail on its name in quotes.
        request.ContentType = type.MediaType.ToString();
    }

    public override KmsException Explain(HttpContext context, BadHttpRequestException exception) =>
        BadRequests.Translate(context, exception);

    public override Task WriteResultAsync<T>(HttpContext context, int status, T data)
    {
        DateTimeOffset now = time.GetUtcMilliseconds();
        LimitHeaders.Write(context, RequestFacts.Of(context), now);
        return WriteAsync(context, status, new Envelope<T>(data, RequestIdentity.Of(context), now));
    }

    /// <summary>The same envelope, around JSON that is there already.</summary>
    public override async Task WriteKeptAsync<T>(HttpContext context, KeptResult<T> kept)
    {
        RequestFacts facts = RequestFacts.Of(context);
        DateTimeOffset now = time.GetUtcMilliseconds();
        using AnswerBuffer buffer = new();
        using (Utf8JsonWriter json = NewWriter(buffer))
            WriteEnvelope(json, kept, facts.RequestId, now);

        LimitHeaders.Write(context, facts, now);
        await SendAsync(context, facts, StatusCodes.Status200OK, buffer, now);
    }

    private void WriteEnvelope<T>(Utf8JsonWriter json, KeptResult<T> kept, Guid requestId, DateTimeOffset now)
    {
        json.WriteStartObject();
        json.WritePropertyName("data"u8);
        json.WriteRawValue(kept.WrittenBy(data => JsonSerializer.SerializeToUtf8Bytes(data, TypeOf<T>())), skipInputValidation: true);
        json.WriteString("request_id"u8, requestId);
        json.WritePropertyName("timestamp"u8);
        Span<byte> text = stackalloc byte[UtcText.Length];
        UtcText.Write(now, text);
        json.WriteStringValue(text);
        json.WriteEndObject();
    }

    public override Task WriteRefusalAsync(HttpContext context, KmsException refusal)
    {
        if (refusal.Error.Kind == KmsErrorKind.Unauthenticated)
            context.Response.Headers.WWWAuthenticate = "ApiKey realm=\"qkms\", header=\"x-api-key\"";

        // RFC 5789, section 2.2.
        if (refusal.Error == HttpErrors.UnsupportedMediaType
            && HttpMethods.IsPatch(context.Request.Method)
            && BodyType.Of(context) is { } wanted)
            context.Response.Headers["Accept-Patch"] = wanted.MediaType;

        ErrorBody body = new(refusal.Error.Code, refusal.Message, [.. refusal.Details.Select(d => new ErrorDetail(d.Field, d.Message))]);
        ErrorEnvelope envelope = new(body, RequestIdentity.Of(context), time.GetUtcMilliseconds());
        return WriteAsync(context, Refusals.StatusOf(refusal.Error), envelope);
    }

    public override IProducesResponseTypeMetadata Describe<T>(int status) =>
        new ProducesResponseTypeMetadata(status, typeof(Envelope<T>), [Json]);

    private async Task WriteAsync<TBody>(HttpContext context, int status, TBody body)
    {
        using AnswerBuffer buffer = new();
        using (Utf8JsonWriter json = NewWriter(buffer))
            JsonSerializer.Serialize(json, body, TypeOf<TBody>());

        await SendAsync(context, RequestFacts.Of(context), status, buffer, time.GetUtcMilliseconds());
    }

    private Utf8JsonWriter NewWriter(AnswerBuffer buffer) => new(buffer, _writing);

    private JsonTypeInfo<T> TypeOf<T>() => (JsonTypeInfo<T>)_json.GetTypeInfo(typeof(T));

    // With its length, so that it goes out in one piece.
    private static async ValueTask SendAsync(
        HttpContext context, RequestFacts facts, int status, AnswerBuffer buffer, DateTimeOffset now)
    {
        if (facts.Caller is { } caller)
            ApiKeyHeaders.Write(context, caller, now);

        context.Response.StatusCode = status;
        context.Response.ContentType = JsonInUtf8;
        context.Response.ContentLength = buffer.Length;
        await context.Response.BodyWriter.WriteAsync(buffer.Written, context.RequestAborted);
    }
}
