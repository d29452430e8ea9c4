namespace Qkms.Core.Callers;

/// <summary>Nobody grants what he does not hold: for everything that makes an API key or changes what one may do.</summary>
internal static class Grants
{
    /// <summary>Refuses to give an API key more than the caller's own may do.</summary>
    /// <param name="caller">Who gives it.</param>
    /// <param name="roles">The roles.</param>
    /// <param name="permissions">The operations that it is narrowed to; null = all that the roles allow.</param>
    /// <param name="scope">The key names that it is narrowed to.</param>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.NotPermitted"/>, which names the member at fault: <c>roles</c>, <c>permissions</c> or <c>key_names</c>.
    /// </exception>
    public static void Check(Caller caller, Roles roles, IReadOnlyCollection<Permission>? permissions, KeyScope scope)
    {
        // By name, and not only by what the role allows today: it is what stands above all tenants.
        if (roles.HasFlag(Roles.Operator) && !caller.Access.Roles.HasFlag(Roles.Operator))
            throw Refusal("roles", "must not include 'operator'");

        IReadOnlySet<Permission> held = caller.Access.Permitted;
        Permission[] beyond =
        [
            .. Permissions.Of(roles)
                .Where(permission => !held.Contains(permission) && permissions?.Contains(permission) != false)
                .Order(),
        ];
        if (beyond.Length > 0)
            throw Refusal(permissions is null ? "roles" : "permissions", $"must not include '{beyond[0].ToWire()}'");

        if (!caller.Access.Scope.Covers(scope))
            throw Refusal("key_names", "must be within the key names that this API key is limited to");
    }

    private static KmsException Refusal(string field, string problem) => KmsErrors.NotPermitted.With(
        $"An API key grants nothing that it may not do itself: '{field}' {problem}.", new FieldError(field, problem));
}
