using System.Reflection;
using Microsoft.AspNetCore.Http.Metadata;

namespace Qkms.Api.Http;

/// <summary>A result that is answered again and again, with the bytes that its protocol writes for it. Nothing in it is secret.</summary>
/// <param name="data">The result.</param>
internal sealed class KeptResult<T>(T data)
{
    private byte[]? _written;

    /// <summary>The result.</summary>
    public T Data => data;

    /// <summary>The bytes, which <paramref name="write"/> makes the first time.</summary>
    public ReadOnlySpan<byte> WrittenBy(Func<T, byte[]> write) => _written ??= write(data);
}

/// <summary>A success whose result is kept.</summary>
internal sealed class KeptReply<T>(KeptResult<T> kept) : IResult, IEndpointMetadataProvider
{
    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) => Reply.Describe<T>(builder, StatusCodes.Status200OK);

    public Task ExecuteAsync(HttpContext httpContext) => Protocol.Of(httpContext).WriteKeptAsync(httpContext, kept);
}
