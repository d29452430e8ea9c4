namespace Qkms.Tests.Keys;

/// <summary>Every status × every operation, as DESIGN section 2 says it.</summary>
public sealed class KeyStateRulesTests
{
    private static readonly DateTimeOffset _now = DateTimeOffset.UnixEpoch.AddDays(100);

    public static IEnumerable<object?[]> Table()
    {
        TheoryData<KeyState, bool, bool, KeyOperation, string?> rows = [];
        KeyOperation[] making = [KeyOperation.Encrypt, KeyOperation.Sign, KeyOperation.Encapsulate, KeyOperation.Wrap];
        KeyOperation[] reading = [KeyOperation.Decrypt, KeyOperation.Verify, KeyOperation.Decapsulate, KeyOperation.Unwrap];
        foreach (KeyOperation operation in making)
        {
            rows.Add(KeyState.Active, false, false, operation, null);
            rows.Add(KeyState.Active, true, false, operation, "ERR_KMS_007");
            rows.Add(KeyState.Active, false, true, operation, "ERR_KMS_007");
            rows.Add(KeyState.Retired, false, false, operation, "ERR_KMS_008");
            rows.Add(KeyState.Retired, true, false, operation, "ERR_KMS_007");
        }

        foreach (KeyOperation operation in reading)
        {
            rows.Add(KeyState.Active, false, false, operation, null);
            rows.Add(KeyState.Active, true, false, operation, null);
            rows.Add(KeyState.Active, false, true, operation, operation == KeyOperation.Verify ? null : "ERR_KMS_007");
            rows.Add(KeyState.Retired, false, false, operation, null);
            rows.Add(KeyState.Retired, true, false, operation, null);
        }

        foreach (KeyOperation operation in Enum.GetValues<KeyOperation>())
        {
            foreach (bool late in new[] { false, true })
            {
                rows.Add(KeyState.Revoked, late, false, operation, "ERR_KMS_006");
                rows.Add(KeyState.Destroyed, late, false, operation, "ERR_KMS_010");
            }
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(Table))]
    internal void A_state_allows_what_the_design_says(KeyState state, bool expired, bool usedUp, KeyOperation operation, string? code)
    {
        KeyVersion version = RevokeKeyTests.Version(state) with
        {
            ExpiresAt = expired ? _now : null,
            MaxUsageLimit = usedUp ? 5 : null,
            Used = 5,
        };

        KeyStateRules.Refusal(version, operation, _now)?.Code.Should().Be(code);
        (KeyStateRules.Refusal(version, operation, _now) is null).Should().Be(code is null);
    }

    // whatever it was before, also on a day when its time has come and nobody has destroyed it yet.
    [Theory]
    [InlineData(KeyState.Retired, 1)]
    [InlineData(KeyState.Retired, -1)]
    [InlineData(KeyState.Revoked, 1)]
    [InlineData(KeyState.Revoked, -1)]
    internal void A_version_that_waits_for_its_destruction_does_nothing(KeyState state, int days)
    {
        KeyVersion version = RevokeKeyTests.Version(state) with { DestroyAt = _now.AddDays(days) };

        version.StatusAt(_now).Should().Be(KeyStatus.PendingDestruction);
        foreach (KeyOperation operation in Enum.GetValues<KeyOperation>())
        {
            KeyStateRules.Refusal(version, operation, _now).Should().Be(KmsErrors.KeyDestroyed);
            KeyStateRules.Refusal(version with { ExpiresAt = _now, ProcessUntil = _now }, operation, _now)
                .Should().Be(KmsErrors.KeyDestroyed);
        }
    }

    [Theory]
    [InlineData(KeyState.Active)]
    [InlineData(KeyState.Retired)]
    internal void Process_until_ends_reading_after_the_expiry(KeyState state)
    {
        KeyVersion version = RevokeKeyTests.Version(state) with { ExpiresAt = _now.AddDays(-2), ProcessUntil = _now };

        KeyStateRules.Refusal(version, KeyOperation.Decrypt, _now.AddMilliseconds(-1)).Should().BeNull();
        KeyStateRules.Refusal(version, KeyOperation.Decrypt, _now).Should().Be(KmsErrors.KeyExpired);
        KeyStateRules.Refusal(version, KeyOperation.Verify, _now).Should().Be(KmsErrors.KeyExpired);
    }

    // an end without an expiry before it ends what a retired version may still read.
    [Fact]
    public void Process_until_ends_reading_without_an_expiry()
    {
        KeyVersion version = RevokeKeyTests.Version(KeyState.Retired) with { ProcessUntil = _now };

        KeyStateRules.Refusal(version, KeyOperation.Decrypt, _now.AddMilliseconds(-1)).Should().BeNull();
        KeyStateRules.Refusal(version, KeyOperation.Decrypt, _now).Should().Be(KmsErrors.KeyExpired);
        KeyStateRules.Refusal(version, KeyOperation.Encrypt, _now).Should().Be(KmsErrors.KeyRetired);
    }

    // A key that is not enabled refuses all that its versions would allow; of a version whose end is final, that is what callers are told.
    [Theory]
    [InlineData(KeyEnablement.Enabled, KeyState.Active, null)]
    [InlineData(KeyEnablement.Disabled, KeyState.Active, "ERR_KMS_011")]
    [InlineData(KeyEnablement.Disabled, KeyState.Retired, "ERR_KMS_011")]
    [InlineData(KeyEnablement.Disabled, KeyState.Revoked, "ERR_KMS_006")]
    [InlineData(KeyEnablement.Disabled, KeyState.Destroyed, "ERR_KMS_010")]
    [InlineData(KeyEnablement.PendingImport, KeyState.Active, "ERR_KMS_011")]
    [InlineData(KeyEnablement.PendingImport, KeyState.Revoked, "ERR_KMS_006")]
    [InlineData(KeyEnablement.PendingDeletion, KeyState.Active, "ERR_KMS_010")]
    [InlineData(KeyEnablement.PendingDeletion, KeyState.Retired, "ERR_KMS_010")]
    [InlineData(KeyEnablement.PendingDeletion, KeyState.Revoked, "ERR_KMS_006")]
    internal void A_key_that_is_not_enabled_refuses_what_its_versions_allow(KeyEnablement enablement, KeyState state, string? code)
    {
        Key key = KeyOf(enablement);
        KeyVersion version = RevokeKeyTests.Version(state);
        foreach (KeyOperation operation in new[] { KeyOperation.Decrypt, KeyOperation.Verify })
        {
            KeyStateRules.Refusal(new KeyAndVersion(key, version), operation, _now)?.Code.Should().Be(code);
            (KeyStateRules.Refusal(new KeyAndVersion(key, version), operation, _now) is null).Should().Be(code is null);
        }

        // A destruction that waits is final for the version, whatever its key says.
        KeyVersion waiting = version with { DestroyAt = _now.AddDays(1) };
        KeyStateRules.Refusal(new KeyAndVersion(key, waiting), KeyOperation.Decrypt, _now).Should().Be(KmsErrors.KeyDestroyed);
    }

    // Its private key leaves the memory of a node that refuses it.
    [Theory]
    [InlineData(KeyState.Active, false)]
    [InlineData(KeyState.Retired, false)]
    [InlineData(KeyState.Revoked, true)]
    [InlineData(KeyState.Destroyed, true)]
    internal void A_version_is_over_when_nothing_is_done_with_its_private_key(KeyState state, bool isOver)
    {
        KeyStateRules.IsOver(RevokeKeyTests.Version(state)).Should().Be(isOver);
        KeyStateRules.IsOver(RevokeKeyTests.Version(state) with { ExpiresAt = _now, ProcessUntil = _now }).Should().Be(isOver);
        KeyStateRules.IsOver(RevokeKeyTests.Version(state) with { DestroyAt = _now }).Should().BeTrue();
    }

    private static Key KeyOf(KeyEnablement enablement) => new()
    {
        Id = default,
        Address = RevokeKeyTests.Version(KeyState.Active).Address,
        Origin = "qkms",
        Enablement = enablement,
        NextVersion = 2,
        VersionCount = 1,
        RowVersion = 1,
        CreatedAt = DateTimeOffset.UnixEpoch,
    };

    [Theory]
    [InlineData(KeyState.Active, KeyStatus.Expired)]
    [InlineData(KeyState.Retired, KeyStatus.Expired)]
    [InlineData(KeyState.Revoked, KeyStatus.Revoked)]
    [InlineData(KeyState.Destroyed, KeyStatus.Destroyed)]
    internal void Expiry_goes_after_revocation_and_before_retirement(KeyState state, KeyStatus status) =>
        (RevokeKeyTests.Version(state) with { ExpiresAt = _now }).StatusAt(_now).Should().Be(status);
}
