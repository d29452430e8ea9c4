namespace Qkms.Api.Http;

/// <summary>
/// The permission that a route needs, as metadata: <see cref="Authentication"/> checks it before the body is read, and tests and the
/// description of the API read it.
/// </summary>
internal sealed record RequiredPermission(Permission Permission);
