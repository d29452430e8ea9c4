using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;
using Qkms.Core.Gates;

namespace Qkms.Api.Http;

/// <summary>
/// Reads the body of a request whose caller may make it, and lets the request go on when all of it is there. Nothing is read that is too
/// long by its head, compressed or of another media type, and nothing for which there is no memory. No content is no body, in whatever
/// framing and type (RFC 9110, section 8.3). What is not read here the server reads and throws away: see <see cref="UnreadBodies"/>.
/// </summary>
internal sealed class RequestBodies(RequestDelegate next, BodyMemory memory, CallerProof proof)
{
    private const string Chunked = "chunked";
    private const string Identity = "identity";

    public async Task InvokeAsync(HttpContext context)
    {
        // Where there is no route or no such verb, that is the answer.
        if (context.GetEndpoint() is not RouteEndpoint route)
        {
            await next(context);
            return;
        }

        HttpRequest request = context.Request;
        int limit = (route.Metadata.GetMetadata<BodyLimit>() ?? BodyLimit.Usual).Bytes;
        CheckTransferCoding(request);
        if (request.ContentLength > limit)
            throw TooLarge(limit);

        if (route.Metadata.GetMetadata<TakesBody>() is null)
        {
            await next(context);
            return;
        }

        using RequestSecrets secrets = RequestSecrets.Begin();
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody != true)
            await WithoutBodyAsync(context);
        else if (request.ContentLength is { } length)
            await OfKnownLengthAsync(context, length, limit);
        else
            await OfUnknownLengthAsync(context, limit);
    }

    private async Task OfKnownLengthAsync(HttpContext context, long length, int limit)
    {
        Prepare(context);
        using ByteGate.Pass pass = await memory.EnterAsync(length, context.RequestAborted);
        if (await BufferAsync(context, limit) is null)
            throw TooLarge(limit);

        await proof.RenewAsync(context);
        await next(context);
    }

    // It takes the memory for a short body first, and that for the longest one when it turns out to be longer.
    private async Task OfUnknownLengthAsync(HttpContext context, int limit)
    {
        int few = BodyLimit.Usual.Bytes;
        using ByteGate.Pass pass = await memory.EnterAsync(few, context.RequestAborted);
        long? length = await BufferAsync(context, few);
        if (length is null && limit > few)
        {
            using ByteGate.Pass further = await memory.EnterAsync(limit, context.RequestAborted);
            await GoOnAsync(context, await BufferAsync(context, limit), limit);
            return;
        }

        await GoOnAsync(context, length, limit);
    }

    private async Task GoOnAsync(HttpContext context, long? length, int limit)
    {
        if (length is null)
            throw TooLarge(limit);

        await proof.RenewAsync(context);
        if (length == 0)
        {
            await WithoutBodyAsync(context);
            return;
        }

        Prepare(context);
        await next(context);
    }

    private Task WithoutBodyAsync(HttpContext context)
    {
        // A type without content says nothing.
        context.Request.ContentType = null;
        context.Features.Set<IHttpRequestBodyDetectionFeature>(NoBody.Instance);
        return next(context);
    }

    private static void Prepare(HttpContext context)
    {
        CheckContentCoding(context.Request);
        Protocol.Of(context).PrepareBody(context.Request);
    }

    /// <summary>Waits for the whole body and leaves it in the reader.</summary>
    /// <returns>Its length, or null when it is longer than <paramref name="limit"/>.</returns>
    internal static async Task<long?> BufferAsync(HttpContext context, int limit)
    {
        PipeReader reader = context.Request.BodyReader;
        while (true)
        {
            ReadResult result = await ReadAsync(reader, context.RequestAborted);
            ReadOnlySequence<byte> bytes = result.Buffer;
            long length = bytes.Length;
            bool isEnough = result.IsCompleted || length > limit;
            reader.AdvanceTo(bytes.Start, isEnough ? bytes.Start : bytes.End);
            if (isEnough)
                return length > limit ? null : length;
        }
    }

    private static async ValueTask<ReadResult> ReadAsync(PipeReader reader, CancellationToken aborted)
    {
        try
        {
            return await reader.ReadAsync(aborted);
        }
        catch (BadHttpRequestException bad) when (bad.StatusCode == StatusCodes.Status400BadRequest)
        {
            throw KmsErrors.Invalid.With(
                "The body ends too early, or its chunks are malformed.",
                new FieldError(Validation.BodyField, "must be as long as its Content-Length, or well-formed chunks"));
        }
    }

    // The server undoes chunks, and would pass on what stands inside them.
    private static void CheckTransferCoding(HttpRequest request)
    {
        string? codings = request.Headers.TransferEncoding;
        if (codings is not null && !codings.Equals(Chunked, StringComparison.OrdinalIgnoreCase))
            throw KmsErrors.Invalid.With(
                "The only transfer coding is 'chunked'.", new FieldError("Transfer-Encoding", "must be absent or 'chunked'"));
    }

    private static void CheckContentCoding(HttpRequest request)
    {
        string[] codings = request.Headers.GetCommaSeparatedValues("Content-Encoding");
        if (!Array.TrueForAll(codings, coding => coding.Equals(Identity, StringComparison.OrdinalIgnoreCase)))
            throw HttpErrors.UnsupportedMediaType.With(
                "The body must not be compressed: leave out Content-Encoding.", new FieldError("Content-Encoding", "must be absent"));
    }

    internal static KmsException TooLarge(int limit) =>
        HttpErrors.TooLarge.With($"The body is too large: this route takes at most {limit} bytes.");

    private sealed class NoBody : IHttpRequestBodyDetectionFeature
    {
        public static readonly NoBody Instance = new();

        public bool CanHaveBody => false;
    }
}
