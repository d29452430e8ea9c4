using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Qkms.Api.Aws;

/// <summary>The routes of the protocol: one path, and a route for each operation.</summary>
internal static class AwsRoutes
{
    /// <summary>Maps an operation.</summary>
    /// <param name="routes">The group.</param>
    /// <param name="name">Its name.</param>
    /// <param name="permission">What it needs.</param>
    /// <param name="request">How its request is read; asked for by the first one, because most services have no client of AWS.</param>
    /// <param name="response">How its response is written; secrets in it are zeroed afterwards.</param>
    /// <param name="run">Does it.</param>
    public static void MapOperation<TRequest, TResponse>(
        this RouteGroupBuilder routes,
        string name,
        RequiredPermission permission,
        Func<JsonTypeInfo<TRequest>> request,
        Func<JsonTypeInfo<TResponse>> response,
        Func<AwsCall, TRequest, ValueTask<TResponse>> run)
        where TRequest : class
    {
        routes.MapPost("/", async context =>
        {
            AwsCall call = new(context, RequestFacts.Of(context).RequireCaller(), AwsRequest.Of(context));
            TResponse result = await run(call, await ReadAsync(call, request()));
            using IDisposable? secrets = result as IDisposable;
            await AwsProtocol.WriteAsync(context, result, response());
        })
            .WithMetadata(new AwsTarget(name), permission, TakesBody.Instance)
            .WithDisplayName($"AWS KMS {name}")
            .ExcludeFromDescription();
    }

    /// <summary>Answers what no operation answers.</summary>
    public static void MapUnknownOperations(this RouteGroupBuilder routes) =>
        routes.MapPost("/", context => throw AwsOperations.Refuse(AwsTarget.OperationOf(context)))
            .WithMetadata(new AwsTarget(null))
            .WithDisplayName("AWS KMS, another operation")
            .AllowAnonymous()
            .ExcludeFromDescription();

    private static async ValueTask<T> ReadAsync<T>(AwsCall call, JsonTypeInfo<T> type)
        where T : class
    {
        PipeReader reader = call.Context.Request.BodyReader;
        ReadResult body = await reader.ReadAsync(call.Aborted);
        try
        {
            // Only now where the client declared it.
            if (AwsProtocol.HashOf(body.Buffer) != call.Aws.BodyHash)
            {
                call.Aws.Problem = SignatureProblem.Wrong;
                throw KmsErrors.Unauthenticated.Refusal();
            }

            return Parse(body.Buffer, type);
        }
        finally
        {
            reader.AdvanceTo(body.Buffer.End);
        }
    }

    private static T Parse<T>(ReadOnlySequence<byte> body, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            Utf8JsonReader json = new(body);
            T value = JsonSerializer.Deserialize(ref json, type) ?? throw AwsErrors.Unreadable.Refusal();
            return json.Read() ? throw AwsErrors.Unreadable.Refusal() : value;
        }
        catch (Exception e) when (e is JsonException or FormatException or Base64Exception)
        {
            throw AwsErrors.Unreadable.Refusal();
        }
    }
}
