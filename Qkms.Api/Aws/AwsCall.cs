namespace Qkms.Api.Aws;

/// <summary>A request to one operation.</summary>
/// <param name="Context">The request.</param>
/// <param name="Caller">Who makes it.</param>
/// <param name="Aws">What the protocol knows of it.</param>
internal sealed record AwsCall(HttpContext Context, Caller Caller, AwsRequest Aws)
{
    public CancellationToken Aborted => Context.RequestAborted;

    public T Service<T>()
        where T : notnull => Context.RequestServices.GetRequiredService<T>();
}
