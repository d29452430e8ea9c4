namespace Qkms.Api.Http;

/// <summary>
/// The permission that a route needs, as metadata: <see cref="Authentication"/> checks it before the body is read, and tests and the
/// description of the API read it.
/// </summary>
/// <param name="Permission">The permission.</param>
/// <param name="Or">
/// Another one that opens the route too, where the body says which of the two is needed: the route then asks for that one itself.
/// </param>
internal sealed record RequiredPermission(Permission Permission, Permission? Or = null)
{
    /// <summary>Refuses a caller who has neither.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.NotPermitted"/>.</exception>
    public void Check(Caller caller)
    {
        if (Or is not { } other || !caller.Access.Allows(other))
            caller.Require(Permission);
    }
}
