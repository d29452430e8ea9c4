using Qkms.Core.Uses;
using Qkms.Tests.Keys;

namespace Qkms.Tests.Uses;

/// <summary>A-31: when a limit warns, and which of several warnings the head of a response has.</summary>
public sealed class LimitWarnerTests
{
    private static readonly DateTimeOffset _now = DateTimeOffset.UnixEpoch.AddDays(100);

    private readonly Caller _caller = new(default, default, new Access(Roles.Admin, null, null), RequestId: default);

    /// <summary>A-31: from the use that reaches the soft limit on.</summary>
    [Theory]
    [InlineData(4, false)]
    [InlineData(5, true)]
    [InlineData(6, true)]
    public void A_soft_usage_limit_warns_from_the_use_that_reaches_it(long used, bool warns) =>
        LimitWarner.Warn(_caller, Version("a", soft: 5, used: used), _now).Should().HaveCount(warns ? 1 : 0);

    /// <summary>A-31: from the moment of the soft expiry on.</summary>
    [Theory]
    [InlineData(-1, false)]
    [InlineData(0, true)]
    [InlineData(1, true)]
    public void A_soft_expiry_warns_from_its_moment_on(int milliseconds, bool warns) =>
        LimitWarner.Warn(_caller, Version("a", softExpiry: _now), _now.AddMilliseconds(milliseconds)).Should().HaveCount(warns ? 1 : 0);

    /// <summary>A-31: both at once are two warnings; none is none.</summary>
    [Fact]
    public void Each_limit_has_a_warning_of_its_own()
    {
        LimitWarner.Warn(_caller, Version("a", soft: 1, used: 1, softExpiry: _now), _now).Should().HaveCount(2);
        LimitWarner.Warn(_caller, Version("a", used: 1), _now).Should().BeEmpty();
    }

    /// <summary>A-31: the head names the version with the fewest uses left, in whatever order they are used.</summary>
    [Theory]
    [InlineData("many", "few", "none")]
    [InlineData("few", "none", "many")]
    [InlineData("none", "many", "few")]
    public void The_head_names_the_version_with_the_fewest_uses_left(string first, string second, string third)
    {
        foreach (string kid in new[] { first, second, third })
            LimitWarner.Warn(_caller, Version(kid, soft: 1, used: 5, max: kid switch { "many" => 100, "few" => 6, _ => null }), _now);

        _caller.UsageWarning!.Kid.Value.Should().Be("few");
    }

    /// <summary>A-31: the head names the version that expires first, in whatever order they are used.</summary>
    [Theory]
    [InlineData("late", "soon", "never")]
    [InlineData("soon", "late", "never")]
    [InlineData("never", "late", "soon")]
    public void The_head_names_the_version_that_expires_first(string first, string second, string third)
    {
        foreach (string kid in new[] { first, second, third })
        {
            DateTimeOffset? expiresAt = kid switch { "late" => _now.AddDays(9), "soon" => _now.AddDays(1), _ => null };
            LimitWarner.Warn(_caller, Version(kid, softExpiry: _now) with { ExpiresAt = expiresAt }, _now);
        }

        _caller.ExpirationWarning!.Kid.Value.Should().Be("soon");
    }

    private static KeyVersion Version(
        string kid, long? soft = null, long used = 0, long? max = null, DateTimeOffset? softExpiry = null) =>
        RevokeKeyTests.Version(KeyState.Active) with
        {
            Kid = Kid.FromStored(kid),
            SoftUsageLimit = soft,
            MaxUsageLimit = max,
            Used = used,
            SoftLimitExpiration = softExpiry,
        };
}
