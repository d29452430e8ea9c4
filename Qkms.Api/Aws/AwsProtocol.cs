using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;
using Qkms.Core.ApiKeys;
using Qkms.Core.Gates;
using Qkms.Core.Time;

namespace Qkms.Api.Aws;

/// <summary>
/// The protocol of AWS KMS: requests signed by AWS Signature Version 4, JSON 1.1 without an envelope, and refusals as exceptions of AWS.
/// </summary>
internal sealed class AwsProtocol(AccessKeyAuthenticator authenticator, BodyMemory memory, TimeProvider time) : Protocol
{
    public const string Json = "application/x-amz-json-1.1";
    private const string RequestIdHeader = "x-amzn-RequestId";

    public override string MediaType => Json;

    public override string WantedProof => "The request must be signed by AWS Signature Version 4.";

    public override async ValueTask<Caller?> AuthenticateAsync(HttpContext context)
    {
        RequestFacts facts = RequestFacts.Of(context);
        AwsRequest aws = AwsRequest.Of(context);
        facts.Stranger = StrangerRequest.NoProof;
        if (context.Request.Headers.Authorization is not { Count: > 0 } sent)
            return Refuse(
                aws,
                context.Request.QueryString.HasValue
                    ? SignatureProblem.Incomplete("Presigned requests are not supported.")
                    : SignatureProblem.Missing);

        facts.Stranger = StrangerRequest.NotIssued;
        if (sent is not [string text])
            return Refuse(aws, SignatureProblem.Incomplete("There must be one Authorization header."));

        if (!SignatureHeader.TryParse(text, out SignatureHeader? header, out SignatureProblem? problem)
            || !CanonicalRequest.TryCreate(
                TargetOf(context),
                context.Request.Headers,
                header,
                time.GetUtcMilliseconds(),
                out CanonicalRequest? canonical,
                out problem))
            return Refuse(aws, problem);

        // Whoever made the id up knows that it is none; nothing of his is read.
        if (!authenticator.IsIssued(header.AccessKeyId))
            return Refuse(aws, SignatureProblem.UnknownKey);

        facts.Stranger = StrangerRequest.NotAccepted;
        aws.BodyHash = canonical.DeclaredBodyHash ?? await HashBodyAsync(context);
        SignedRequest request = new(
            header.AccessKeyId, header.Date, header.Region, canonical.StringToSign(aws.BodyHash), header.Signature);
        if (await authenticator.AuthenticateAsync(request, context.RequestAborted) is not { } accessKey)
            return Refuse(aws, SignatureProblem.Wrong);

        (aws.Region, aws.AccountId) = (header.Region, accessKey.Tenant.AccountId);
        return new Caller(accessKey.TenantId, accessKey.CredentialId, accessKey.Access, facts.RequestId)
        {
            ServerRequestId = facts.ServerRequestId,
            Plan = accessKey.Plan,
            ApiKeyEndsAt = accessKey.Credential.EndsAt,
        };
    }

    public override void PrepareBody(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type)
            || !type.MediaType.Equals(Json, StringComparison.OrdinalIgnoreCase))
            throw HttpErrors.UnsupportedMediaType.With($"The Content-Type must be {Json}.");
    }

    public override KmsException Explain(HttpContext context, BadHttpRequestException exception) => AwsErrors.Unreadable.Refusal();

    public override Task WriteResultAsync<T>(HttpContext context, int status, T data) =>
        throw new NotSupportedException("Operations of this protocol write their results themselves.");

    /// <summary>Writes the result of an operation.</summary>
    public static async Task WriteAsync<T>(HttpContext context, T data, JsonTypeInfo<T> type)
    {
        using AnswerBuffer buffer = new();
        using (Utf8JsonWriter json = new(buffer))
            JsonSerializer.Serialize(json, data, type);

        await SendAsync(context, StatusCodes.Status200OK, buffer);
    }

    public override async Task WriteRefusalAsync(HttpContext context, KmsException refusal)
    {
        SignatureProblem fault = refusal.Error.Kind == KmsErrorKind.Unauthenticated && AwsRequest.Of(context).Problem is { } problem
            ? problem
            : new SignatureProblem(AwsErrors.NameOf(refusal.Error), refusal.Message);
        using AnswerBuffer buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            json.WriteString("__type"u8, fault.Type);
            json.WriteString("message"u8, fault.Message);
            json.WriteEndObject();
        }

        await SendAsync(context, AwsErrors.StatusOf(refusal.Error), buffer);
    }

    private static Caller? Refuse(AwsRequest aws, SignatureProblem problem)
    {
        aws.Problem = problem;
        return null;
    }

    // As it was sent; in absolute form (RFC 9112, section 3.2.2), which is for proxies, without the server.
    private static string TargetOf(HttpContext context) =>
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget is ['/', ..] raw
            ? raw
            : $"{context.Request.PathBase}{context.Request.Path}{context.Request.QueryString}";

    // Most clients do not declare the hash of the body, so that the signature cannot be checked before the body is there.
    private async ValueTask<string> HashBodyAsync(HttpContext context)
    {
        int limit = BodyLimit.Usual.Bytes;
        long length = context.Request.ContentLength ?? limit;
        if (length > limit)
            throw RequestBodies.TooLarge(limit);

        using ByteGate.Pass pass = await memory.EnterAsync(length, context.RequestAborted);
        if (await RequestBodies.BufferAsync(context, limit) is null)
            throw RequestBodies.TooLarge(limit);

        PipeReader reader = context.Request.BodyReader;
        ReadResult body = await reader.ReadAsync(context.RequestAborted);
        string hash = HashOf(body.Buffer);
        reader.AdvanceTo(body.Buffer.Start);
        return hash;
    }

    /// <summary>The SHA-256 of a body in hex.</summary>
    public static string HashOf(ReadOnlySequence<byte> body)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (ReadOnlyMemory<byte> piece in body)
            hash.AppendData(piece.Span);

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static async Task SendAsync(HttpContext context, int status, AnswerBuffer buffer)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = Json;
        context.Response.Headers[RequestIdHeader] = RequestFacts.Of(context).RequestId.ToString();
        context.Response.ContentLength = buffer.Length;
        await context.Response.BodyWriter.WriteAsync(buffer.Written, context.RequestAborted);
    }
}
