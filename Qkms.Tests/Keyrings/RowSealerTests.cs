using System.Reflection;
using Qkms.Core.Aliases;
using Qkms.Core.ApiKeys;
using Qkms.Core.Devices;
using Qkms.Core.Installation;
using Qkms.Core.Journal;
using Qkms.Core.Rotations;
using Qkms.Core.Sealing;
using Qkms.Core.Tags;
using Qkms.Core.Tenants;

namespace Qkms.Tests.Keyrings;

/// <summary>
/// Every column of every sealed row is either edited here and refused, or named as deliberately unsealed. A new property that is
/// neither fails the test of completeness.
/// </summary>
public sealed class RowSealerTests : IDisposable
{
    private static readonly DateTimeOffset _later = Samples.Time.AddMilliseconds(1);

    private static readonly RowEdits<Tenant> _tenant = new(Samples.Tenant, Unsealed: [])
    {
        ["Id"] = [r => r with { Id = new TenantId(Samples.Id(99)) }],
        ["AccountId"] = [r => r with { AccountId = "123456789013" }],
        ["Name"] = [r => r with { Name = "Zurich" }],
        ["State"] = [r => r with { State = TenantState.Suspended }],
        ["Plan"] = [r => r with { Plan = "enterprise" }],
        ["CreatedAt"] = [r => r with { CreatedAt = _later }],
        ["StateBefore"] = [r => r with { StateBefore = TenantState.Active }],
        ["DeleteOrderedAt"] = [r => r with { DeleteOrderedAt = _later }],
        ["DeleteOrderedBy"] = [r => r with { DeleteOrderedBy = new TenantId(Samples.Id(99)) }],
        ["DeleteAt"] = [r => r with { DeleteAt = _later }],
        ["DeletedAt"] = [r => r with { DeletedAt = _later }],
    };

    private static readonly RowEdits<Key> _key = new(Samples.Key, Unsealed: [])
    {
        ["Description"] =
        [
            r => r with { Description = "for others" }, r => r with { Description = null }, r => r with { Description = "" }
        ],
        ["States"] = [r => r with { States = new VersionStates("2r2") }, r => r with { States = VersionStates.None }],
        ["Id"] = [r => r with { Id = new KeyId(Samples.Id(99)) }],
        ["Address.TenantId"] = [r => r with { Address = r.Address with { TenantId = new TenantId(Samples.Id(99)) } }],
        ["Address.Owner.Kind"] = [r => r with { Address = r.Address with { Owner = new KeyOwner("", "d1") } }],
        ["Address.Owner.Id"] = [r => r with { Address = r.Address with { Owner = new KeyOwner("device", "d2") } }],
        ["Address.Name"] = [r => r with { Address = r.Address with { Name = KeyName.Default } }],
        ["Address.Algorithm"] = [r => r with { Address = r.Address with { Algorithm = Samples.Algorithm("RSA-2048") } }],
        ["Address.Use"] = [r => r with { Address = r.Address with { Use = KeyUse.Signature } }],
        ["Origin"] = [r => r with { Origin = "external" }],
        ["Enablement"] = [r => r with { Enablement = KeyEnablement.Disabled }],
        ["DeleteAt"] = [r => r with { DeleteAt = _later }, r => r with { DeleteAt = null }],
        ["DeleteOrderedAt"] = [r => r with { DeleteOrderedAt = _later }],
        ["RotationPeriod"] = [r => r with { RotationPeriod = TimeSpan.FromDays(91) }, r => r with { RotationPeriod = null }],
        ["NextRotationAt"] = [r => r with { NextRotationAt = _later }, r => r with { NextRotationAt = null }],
        ["NextVersion"] = [r => r with { NextVersion = 2 }],
        ["ActiveKid"] = [r => r with { ActiveKid = Kid.FromStored("kid-9") }, r => r with { ActiveKid = null }],
        ["VersionCount"] = [r => r with { VersionCount = 1 }],
        ["DestroyedCount"] = [r => r with { DestroyedCount = 2 }, r => r with { DestroyedCount = 0 }, r => r with { DestroyedCount = -1 }],
        ["RowVersion"] = [r => r with { RowVersion = 4 }],
        ["CreatedAt"] = [r => r with { CreatedAt = _later }],
    };

    // The counter has a row of its own, and so has the key, which says how it rotates. All limits together are those one by one.
    private static readonly RowEdits<KeyVersion> _version = new(
        Samples.Version, Unsealed: ["Used", "LastUsedAt", "RotationPeriod", "NextRotationAt", "Limits"])
    {
        ["Labels"] = [r => r with { Labels = new KeyLabels("""{"team":"a"}""") }],
        ["Id"] = [r => r with { Id = new KeyVersionId(Samples.Id(99)) }],
        ["KeyId"] = [r => r with { KeyId = new KeyId(Samples.Id(99)) }],
        ["Address.TenantId"] = [r => r with { Address = r.Address with { TenantId = new TenantId(Samples.Id(99)) } }],
        ["Address.Owner.Kind"] = [r => r with { Address = r.Address with { Owner = new KeyOwner("", "d1") } }],
        ["Address.Owner.Id"] = [r => r with { Address = r.Address with { Owner = new KeyOwner("device", "d2") } }],
        ["Address.Name"] = [r => r with { Address = r.Address with { Name = KeyName.Default } }],
        ["Address.Algorithm"] = [r => r with { Address = r.Address with { Algorithm = Samples.Algorithm("RSA-2048") } }],
        ["Address.Use"] = [r => r with { Address = r.Address with { Use = KeyUse.Signature } }],
        ["Kid"] = [r => r with { Kid = Kid.FromStored("kid-9") }],
        ["Version"] = [r => r with { Version = 1 }],
        ["Spelling"] = [r => r with { Spelling = "ML-KEM-768" }],
        ["State"] =
        [
            r => r with { State = KeyState.Retired }, r => r with { State = KeyState.Revoked }, r => r with { State = KeyState.Destroyed }
        ],
        ["OaepHash"] = [r => r with { OaepHash = "SHA-1" }, r => r with { OaepHash = null }],
        ["PublicKey"] = [r => r with { PublicKey = [1, 2, 4] }, r => r with { PublicKey = [] }],
        ["SoftUsageLimit"] = [r => r with { SoftUsageLimit = 11 }, r => r with { SoftUsageLimit = null }],
        ["MaxUsageLimit"] = [r => r with { MaxUsageLimit = 21 }, r => r with { MaxUsageLimit = null }],
        ["SoftLimitExpiration"] = [r => r with { SoftLimitExpiration = _later }, r => r with { SoftLimitExpiration = null }],
        ["ExpiresAt"] = [r => r with { ExpiresAt = _later }, r => r with { ExpiresAt = null }],
        ["ProcessUntil"] = [r => r with { ProcessUntil = _later }, r => r with { ProcessUntil = null }],
        ["AutoRotate"] = [r => r with { AutoRotate = false }],
        ["PreviousKid"] = [r => r with { PreviousKid = Kid.FromStored("kid-9") }, r => r with { PreviousKid = null }],
        ["NextKid"] = [r => r with { NextKid = Kid.FromStored("kid-9") }, r => r with { NextKid = null }],
        ["CreatedAt"] = [r => r with { CreatedAt = _later }],
        ["RetiredAt"] = [r => r with { RetiredAt = _later }, r => r with { RetiredAt = null }],
        ["RevokedAt"] = [r => r with { RevokedAt = _later }, r => r with { RevokedAt = null }],
        ["DestroyedAt"] = [r => r with { DestroyedAt = _later }, r => r with { DestroyedAt = null }],
        ["RowVersion"] = [r => r with { RowVersion = 1 }],
        ["DestroyOrderedAt"] = [r => r with { DestroyOrderedAt = _later }, r => r with { DestroyOrderedAt = null }],
        ["DestroyAt"] = [r => r with { DestroyAt = _later }, r => r with { DestroyAt = null }],
    };

    private static readonly RowEdits<Credential> _credential = new(Samples.Credential, Unsealed: [])
    {
        ["Label"] = [r => r with { Label = "another label" }],
        ["SealedSecret"] = [r => r with { SealedSecret = [7, 8, 8] }, r => r with { SealedSecret = null }],
        ["Id"] = [r => r with { Id = new CredentialId(Samples.Id(99)) }],
        ["TenantId"] = [r => r with { TenantId = new TenantId(Samples.Id(99)) }],
        ["Kind"] = [r => r with { Kind = "sigv4" }],
        ["LookupId"] = [r => r with { LookupId = "abcdefghijkm" }],
        ["Verifier"] = [r => r with { Verifier = [4, 5, 7] }],
        ["HashKeyId"] = [r => r with { HashKeyId = Samples.Id(99) }],
        ["Roles"] = [r => r with { Roles = Roles.User | Roles.Operator }],
        ["Permissions"] =
        [
            r => r with { Permissions = "keys:write" }, r => r with { Permissions = null }, r => r with { Permissions = "" }
        ],
        ["KeyScope"] = [r => r with { KeyScope = "*" }, r => r with { KeyScope = null }, r => r with { KeyScope = "" }],
        ["State"] = [r => r with { State = CredentialState.Revoked }, r => r with { State = CredentialState.Disabled }],
        ["CreatedAt"] = [r => r with { CreatedAt = _later }],
        ["ExpiresAt"] = [r => r with { ExpiresAt = _later }, r => r with { ExpiresAt = null }],
        ["GraceUntil"] = [r => r with { GraceUntil = _later }, r => r with { GraceUntil = null }],
        ["SuccessorId"] = [r => r with { SuccessorId = new CredentialId(Samples.Id(99)) }, r => r with { SuccessorId = null }],
    };

    private static readonly RowEdits<JournalStream> _stream = new(Samples.Stream, Unsealed: [])
    {
        ["TenantId"] = [r => r with { TenantId = new TenantId(Samples.Id(99)) }],
        ["Number"] = [r => r with { Number = 1 }],
        ["Kind"] = [r => r with { Kind = JournalStreamKind.Lifecycle }],
        ["Node"] = [r => r with { Node = "b" }, r => r with { Node = "" }],
        ["InstallationId"] = [r => r with { InstallationId = Samples.Id(99) }],
        ["NextPosition"] = [r => r with { NextPosition = 8 }],
        ["HeadHash"] = [r => r with { HeadHash = new byte[32] }],
        ["FirstPosition"] = [r => r with { FirstPosition = 4 }],
        ["FirstPreviousHash"] = [r => r with { FirstPreviousHash = new byte[32] }],
        ["CreatedAt"] = [r => r with { CreatedAt = _later }],
        ["RowVersion"] = [r => r with { RowVersion = 6 }],
    };

    private static readonly KeyUsage _someUsage = new()
    {
        VersionId = new KeyVersionId(Samples.Id(1)),
        TenantId = new TenantId(Samples.Id(2)),
        Used = 7,
        LastUsedAt = Samples.Time,
        RowVersion = 8,
    };

    private static readonly RowEdits<KeyUsage> _usage = new(_someUsage, Unsealed: [])
    {
        ["VersionId"] = [r => r with { VersionId = new KeyVersionId(Samples.Id(99)) }],
        ["TenantId"] = [r => r with { TenantId = new TenantId(Samples.Id(99)) }],
        ["Used"] = [r => r with { Used = 6 }, r => r with { Used = 0 }],
        ["LastUsedAt"] = [r => r with { LastUsedAt = _later }, r => r with { LastUsedAt = null }],
        ["RowVersion"] = [r => r with { RowVersion = 7 }],
    };

    private static readonly RotationJob _someJob = new()
    {
        Id = new RotationJobId(Samples.Id(1)),
        TenantId = new TenantId(Samples.Id(2)),
        Kid = Kid.FromStored("kid-1"),
        Name = KeyName.Default,
        Cause = RotationCause.Request,
        RequestedKid = Kid.FromStored("kid-2"),
        RequestedAlgorithm = "ML-KEM-768",
        Limits = [1, 2, 3],
        ScheduledAt = Samples.Time,
        State = RotationJobState.Scheduled,
        Attempts = 1,
        NextAttemptAt = Samples.Time,
        NewKid = Kid.FromStored("kid-3"),
        ErrorCode = "ERR_KMS_009",
        Reason = "why",
        ActorKind = "api_key",
        ActorId = "a",
        CreatedAt = Samples.Time,
        FinishedAt = Samples.Time,
        RowVersion = 2,
    };

    private static readonly RowEdits<RotationJob> _job = new(_someJob, Unsealed: [])
    {
        ["Id"] = [r => r with { Id = new RotationJobId(Samples.Id(99)) }],
        ["TenantId"] = [r => r with { TenantId = new TenantId(Samples.Id(99)) }],
        ["Kid"] = [r => r with { Kid = Kid.FromStored("kid-9") }],
        ["Name"] = [r => r with { Name = KeyName.Demo }],
        ["Cause"] = [r => r with { Cause = RotationCause.Period }],
        ["RequestedKid"] = [r => r with { RequestedKid = Kid.FromStored("kid-9") }, r => r with { RequestedKid = null }],
        ["RequestedAlgorithm"] = [r => r with { RequestedAlgorithm = "RSA-2048" }, r => r with { RequestedAlgorithm = null }],
        ["Limits"] = [r => r with { Limits = [1, 2, 4] }, r => r with { Limits = null }],
        ["ScheduledAt"] = [r => r with { ScheduledAt = _later }],
        ["State"] = [r => r with { State = RotationJobState.Running }],
        ["Attempts"] = [r => r with { Attempts = 0 }],
        ["NextAttemptAt"] = [r => r with { NextAttemptAt = _later }, r => r with { NextAttemptAt = null }],
        ["NewKid"] = [r => r with { NewKid = Kid.FromStored("kid-9") }, r => r with { NewKid = null }],
        ["ErrorCode"] = [r => r with { ErrorCode = "ERR_KMS_006" }, r => r with { ErrorCode = null }],
        ["Reason"] = [r => r with { Reason = "another" }, r => r with { Reason = null }],
        ["ActorKind"] = [r => r with { ActorKind = "system" }],
        ["ActorId"] = [r => r with { ActorId = "b" }],
        ["CreatedAt"] = [r => r with { CreatedAt = _later }],
        ["FinishedAt"] = [r => r with { FinishedAt = _later }, r => r with { FinishedAt = null }],
        ["RowVersion"] = [r => r with { RowVersion = 1 }],
    };

    private readonly Keyring _keyring = new(TimeProvider.System, new IdGenerator(TimeProvider.System));
    private readonly RowSealer _sealer;

    public RowSealerTests()
    {
        _keyring.Install(KeysWith(SampleKey()));
        _sealer = new RowSealer(_keyring);
    }

    private static WrappingKey SampleKey() => Samples.WrappingKey("0192f3a4-b5c6-7d8e-9fa0-b1c2d3e4f506");

    private static KeyringKeys KeysWith(params WrappingKey[] rowSealKeys) =>
        new(SampleKey(), rowSealKeys, [SampleKey()], [SampleKey()], [SampleKey()], [SampleKey()]);

    public void Dispose() => _keyring.Dispose();

    [Fact]
    public void Every_sealed_column_of_a_tenant_is_held() => _tenant.ShouldAllBeRefused(_sealer);

    [Fact]
    public void Every_sealed_column_of_a_key_is_held() => _key.ShouldAllBeRefused(_sealer);

    [Fact]
    public void Every_sealed_column_of_a_key_version_is_held() => _version.ShouldAllBeRefused(_sealer);

    [Fact]
    public void Every_sealed_column_of_a_credential_is_held() => _credential.ShouldAllBeRefused(_sealer);

    [Fact]
    public void Every_sealed_column_of_a_journal_stream_is_held() => _stream.ShouldAllBeRefused(_sealer);

    [Fact]
    public void Every_sealed_column_of_a_counter_of_uses_is_held() => _usage.ShouldAllBeRefused(_sealer);

    [Fact]
    public void Every_sealed_column_of_a_rotation_job_is_held() => _job.ShouldAllBeRefused(_sealer);

    // The counter of uses changes with every use, in a table of its own.
    [Fact]
    public void Only_the_counter_of_uses_may_change()
    {
        Sealed<KeyVersion> version = _sealer.Seal(Samples.Version);

        _sealer.TryOpen(version with { UnverifiedRow = Samples.Version with { Used = 0 } }).Should().NotBeNull();
    }

    /// <summary>F-13: a second row-seal key seals what is written from then on, and makes no earlier row unreadable.</summary>
    [Fact]
    public void Rows_of_every_key_of_the_keyring_are_accepted_and_the_newest_key_seals()
    {
        Sealed<Tenant> earlier = _sealer.Seal(Samples.Tenant);
        Guid newId = Samples.Id(77);
        using Keyring both = new(TimeProvider.System, new IdGenerator(TimeProvider.System));
        both.Install(KeysWith(SampleKey(), SampleKey() with { Id = newId }));
        RowSealer sealer = new(both);

        sealer.Open(earlier).Should().BeSameAs(Samples.Tenant);
        Sealed<Tenant> later = sealer.Seal(Samples.Tenant);
        later.Seal.AsSpan(1, 16).ToArray().Should().Equal(newId.ToByteArray(bigEndian: true));
        sealer.Open(later).Should().BeSameAs(Samples.Tenant);
        _sealer.TryOpen(later).Should().BeNull("the keyring does not have that key");

        // The key's id is sealed too: the secrets are the same here, and still neither seal passes for the other's.
        byte[] renamed = [.. later.Seal[..1], .. earlier.Seal[1..17], .. later.Seal[17..]];
        sealer.TryOpen(later with { Seal = renamed }).Should().BeNull();
    }

    /// <summary>
    /// F-13: an absent column is written as absent, and none is left out, so that no value passes for that of another column.
    /// </summary>
    [Fact]
    public void A_value_in_one_optional_column_never_seals_like_the_same_value_in_another()
    {
        KeyVersion bare = Samples.Version with
        {
            SoftUsageLimit = null,
            MaxUsageLimit = null,
            SoftLimitExpiration = null,
            ExpiresAt = null,
            ProcessUntil = null,
            RetiredAt = null,
            RevokedAt = null,
            DestroyedAt = null,
            DestroyAt = null,
        };
        long number = Samples.Time.ToUnixTimeMilliseconds();
        KeyVersion[] rows =
        [
            bare,
            bare with { SoftUsageLimit = number },
            bare with { MaxUsageLimit = number },
            bare with { SoftLimitExpiration = Samples.Time },
            bare with { ExpiresAt = Samples.Time },
            bare with { ProcessUntil = Samples.Time },
            bare with { RetiredAt = Samples.Time },
            bare with { RevokedAt = Samples.Time },
            bare with { DestroyedAt = Samples.Time },
            bare with { DestroyAt = Samples.Time },
        ];

        rows.Select(row => Convert.ToHexString(_sealer.Seal(row).Seal)).Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void Every_kind_of_sealed_row_stands_in_this_test_and_has_a_word_of_its_own()
    {
        Type[] rows =
            [.. typeof(ISealedRow).Assembly.GetTypes().Where(t => t is { IsClass: true } && t.IsAssignableTo(typeof(ISealedRow)))];

        rows.Should().BeEquivalentTo(
        [
            typeof(Tenant), typeof(Key), typeof(KeyVersion), typeof(KeyUsage), typeof(Credential), typeof(JournalStream),
            typeof(RotationJob), typeof(Device), typeof(DeviceCount), typeof(Alias), typeof(KeyTags),
        ], "each has its columns edited here, in DeviceSealTests or in NameSealTests");
        rows.Select(t => t.GetProperty(nameof(ISealedRow.SealKind), BindingFlags.Public | BindingFlags.Static)!.GetValue(null))
            .Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void A_seal_that_was_changed_cut_or_taken_from_another_row_is_refused()
    {
        Sealed<Tenant> stored = _sealer.Seal(Samples.Tenant);
        Sealed<Tenant> other = _sealer.Seal(Samples.Tenant with { Plan = "enterprise" });

        for (int i = 0; i < stored.Seal.Length; i++)
        {
            byte[] flipped = [.. stored.Seal];
            flipped[i] ^= 0x80;
            _sealer.TryOpen(stored with { Seal = flipped }).Should().BeNull($"byte {i} was flipped");
            _sealer.TryOpen(stored with { Seal = stored.Seal[..i] }).Should().BeNull($"only {i} bytes are left");
        }

        _sealer.TryOpen(stored with { Seal = [.. stored.Seal, 0] }).Should().BeNull();
        _sealer.TryOpen(stored with { Seal = other.Seal }).Should().BeNull();
        _sealer.Invoking(s => s.Open(stored with { Seal = other.Seal }))
            .Should().Throw<SealBrokenException>().WithMessage($"*tenant {Samples.Tenant.Id}*");
    }

    [Fact]
    public void A_seal_made_by_other_software_from_the_documented_layout_holds()
    {
        // Python 3.11, hmac: HMAC-SHA-256 with the key 00 01 … 1F over 02, then the key's id, "tenant" and the columns, each after its
        // length.
        byte[] seal = Convert.FromHexString(
            "020192f3a4b5c67d8e9fa0b1c2d3e4f5061346494038d3b9a4e38e772b13c099008ed0c5dedf726bac0f5aa52fda86c865");

        _sealer.Seal(Samples.Tenant).Seal.Should().Equal(seal);
        _sealer.Open(new Sealed<Tenant>(Samples.Tenant, seal)).Should().BeSameAs(Samples.Tenant);
    }

    /// <summary>F-13: the seals of earlier builds open only the way into a new database; after that nothing takes them.</summary>
    [Fact]
    public void A_seal_of_the_former_format_is_known_to_the_take_over_alone()
    {
        // Node 20, node:crypto: createHmac('sha256', 00 01 … 1F) over 01, then the table's word and the columns, each after its length.
        Sealed<Tenant> tenant = new(Samples.Tenant, Former("01d64ad017a88e66ffcfee5414e9fd612a1f182c6c403e82450c372701e9772c95"));
        Sealed<KeyVersion> version = new(
            Samples.Version with { DestroyAt = null }, Former("011d21ff645e26c84aa780c533381a8b4d390d51aa07bf37e4997bd0cbcb8c4712"));
        Sealed<Key> key = new(
            Samples.Key with { DestroyedCount = 0 }, Former("015502ee4a5066f29b48aa795693a1e70beea16d72e20271029fe179ad2690c3c3"));
        using WrappingKey sealKey = SampleKey();

        FormerSeals.Holds(sealKey, tenant).Should().BeTrue();
        FormerSeals.Holds(sealKey, version).Should().BeTrue();
        FormerSeals.Holds(sealKey, key).Should().BeTrue();
        FormerSeals.Holds(sealKey, version with { UnverifiedRow = Samples.Version }).Should().BeFalse();
        FormerSeals.Holds(sealKey, key with { UnverifiedRow = Samples.Key }).Should().BeFalse();
        _sealer.TryOpen(tenant).Should().BeNull();
        _sealer.TryOpen(version).Should().BeNull();
        _sealer.TryOpen(key).Should().BeNull();

        static byte[] Former(string hex) => Convert.FromHexString(hex);
    }
}
