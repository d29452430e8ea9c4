namespace Qkms.Tests.ApiKeys;

/// <summary>K-01, K-06: nobody grants what he does not hold.</summary>
public sealed class GrantsTests
{
    private const Permission Read = Permission.KeysRead;

    private static readonly IdGenerator _ids = new(TimeProvider.System);

    /// <summary>K-06: what an API key of a role may give away.</summary>
    [Theory]
    [InlineData(Roles.Admin, Roles.Admin, true)]
    [InlineData(Roles.Admin, Roles.User | Roles.Auditor, true)]
    [InlineData(Roles.Admin, Roles.None, true)]
    [InlineData(Roles.User, Roles.User, true)]
    [InlineData(Roles.User, Roles.Auditor, false)]
    [InlineData(Roles.User, Roles.Admin, false)]
    [InlineData(Roles.Auditor, Roles.User, false)]
    [InlineData(Roles.Operator, Roles.User, false)]
    [InlineData(Roles.Operator, Roles.Admin, false)]
    [InlineData(Roles.Admin, Roles.Operator, false)]
    [InlineData(Roles.Operator | Roles.Admin, Roles.Operator | Roles.Admin, true)]
    [InlineData(Roles.None, Roles.User, false)]
    internal void Roles_are_given_by_those_who_hold_all_that_they_allow(Roles held, Roles given, bool allowed) =>
        Judge(Caller(held), given, null, KeyScope.All).Should().Be(allowed ? null : "roles");

    /// <summary>K-08: a narrowed API key gives what is left to it, and no role whole that it has only in part.</summary>
    [Fact]
    public void Permissions_are_given_by_those_who_hold_them()
    {
        Caller narrowed = Caller(Roles.Admin, "keys:read keys:rotate");

        Judge(narrowed, Roles.Admin, [Read], KeyScope.All).Should().BeNull();
        Judge(narrowed, Roles.User, [Read], KeyScope.All).Should().BeNull();
        Judge(narrowed, Roles.Admin, [], KeyScope.All).Should().BeNull();
        Judge(narrowed, Roles.Admin, [Read, Permission.KeysRevoke], KeyScope.All).Should().Be("permissions");
        Judge(narrowed, Roles.Admin, null, KeyScope.All).Should().Be("roles");
        Judge(Caller(Roles.User), Roles.User, [Read, Permission.KeysRotate], KeyScope.All)
            .Should().BeNull("the role does not have it, so that naming it gives nothing");
    }

    /// <summary>K-08: a scope is given by those whose own covers it.</summary>
    [Theory]
    [InlineData("app/*", "app/a", true)]
    [InlineData("app/*", "app/a/*", true)]
    [InlineData("app/*", "app/*", true)]
    [InlineData("app/* web", "web app/x", true)]
    [InlineData("app/*", "", true)]
    [InlineData("app/*", "app", false)]
    [InlineData("app/*", "application", false)]
    [InlineData("app/*", "app/a web", false)]
    [InlineData("app/a/*", "app/*", false)]
    [InlineData("app", "app/*", false)]
    [InlineData("app", null, false)]
    [InlineData("", "app", false)]
    [InlineData(null, null, true)]
    [InlineData(null, "app", true)]
    public void Key_names_are_given_by_those_who_may_touch_them(string? held, string? given, bool allowed) =>
        Judge(Caller(Roles.Admin, keyScope: held), Roles.User, null, new Access(Roles.User, null, given).Scope)
            .Should().Be(allowed ? null : "key_names");

    [Theory]
    [InlineData("app", true)]
    [InlineData("app/*", true)]
    [InlineData("app/a.b/*", true)]
    [InlineData("*", false)]
    [InlineData("/*", false)]
    [InlineData("app*", false)]
    [InlineData("app/*/b", false)]
    [InlineData("app/**", false)]
    [InlineData("app//*", false)]
    [InlineData("a b", false)]
    [InlineData("", false)]
    public void A_pattern_is_a_name_or_a_folder(string text, bool valid) => KeyScope.IsPattern(text).Should().Be(valid);

    private static Caller Caller(Roles roles, string? permissions = null, string? keyScope = null) =>
        new(new TenantId(_ids.Next()), new CredentialId(_ids.Next()), new Access(roles, permissions, keyScope), _ids.Next());

    // The field at fault; null when it is allowed.
    private static string? Judge(Caller caller, Roles roles, Permission[]? permissions, KeyScope scope)
    {
        try
        {
            Grants.Check(caller, roles, permissions, scope);
            return null;
        }
        catch (KmsException e)
        {
            e.Error.Should().Be(KmsErrors.NotPermitted);
            return e.Details.Single().Field;
        }
    }
}
