using Qkms.Core.Sealing;
using Qkms.Tests.Keyrings;

namespace Qkms.Tests.Keys;

public sealed class PrivateKeyWrapTests : IDisposable
{
    private readonly WrappingKey _tenantKey = Samples.WrappingKey("0192f3a4-b5c6-7d8e-9fa0-b1c2d3e4f506");
    private readonly SecretBytes _privateKey = SecretBytes.Random(64);

    public static TheoryData<string> BoundFields => [.. _moved.Keys];

    private static readonly Dictionary<string, Func<KeyVersion, KeyVersion>> _moved = new()
    {
        ["tenant"] = v => v with { Address = v.Address with { TenantId = new TenantId(Samples.Id(99)) } },
        ["key id"] = v => v with { KeyId = new KeyId(Samples.Id(99)) },
        ["version id"] = v => v with { Id = new KeyVersionId(Samples.Id(99)) },
        ["version number"] = v => v with { Version = 3 },
        ["kid"] = v => v with { Kid = Kid.FromStored("kid-9") },
        ["algorithm"] = v => v with { Address = v.Address with { Algorithm = Samples.Algorithm("ML-KEM-1024") } },
        ["use"] = v => v with { Address = v.Address with { Use = KeyUse.Signature } },
        ["public key"] = v => v with { PublicKey = [1, 2, 4] },
    };

    public void Dispose()
    {
        _tenantKey.Dispose();
        _privateKey.Dispose();
    }

    [Fact]
    public void A_wrapped_key_opens_in_its_own_row()
    {
        KeyMaterial material = Wrap();

        using SecretBytes opened = PrivateKeyWrap.Unwrap(_tenantKey, Samples.Version, material);

        opened.Span.ToArray().Should().Equal(_privateKey.Span.ToArray());
        material.Should().BeEquivalentTo(new
        {
            VersionId = Samples.Version.Id,
            Samples.Version.TenantId,
            WrappingKeyId = _tenantKey.Id,
            Format = MaterialFormat.MLKemSeed
        });
    }

    [Theory]
    [MemberData(nameof(BoundFields))]
    public void A_wrapped_key_does_not_open_in_a_row_with_another(string field)
    {
        KeyVersion moved = _moved[field](Samples.Version);

        ShouldBeRefused(_tenantKey, moved, Wrap());
    }

    [Fact]
    public void A_wrapped_key_does_not_open_as_another_format_under_another_key_or_changed()
    {
        KeyMaterial material = Wrap();
        using WrappingKey otherKey = new(_tenantKey.Id, SecretBytes.Random(WrappingKey.Size));
        using WrappingKey otherId = Samples.WrappingKey("0192f3a4-b5c6-7d8e-9fa0-b1c2d3e4f507");

        ShouldBeRefused(_tenantKey, Samples.Version, material with { Format = MaterialFormat.MLDsaSeed });
        ShouldBeRefused(otherKey, Samples.Version, material);
        ShouldBeRefused(otherId, Samples.Version, material);
        ShouldBeRefused(
            _tenantKey, Samples.Version, material with { Wrapped = [.. material.Wrapped[..^1], (byte)(material.Wrapped[^1] ^ 1)] });
        ShouldBeRefused(_tenantKey, Samples.Version, material with { Wrapped = [] });
    }

    [Fact]
    public void What_changes_in_the_life_of_a_version_leaves_its_key_openable()
    {
        KeyMaterial material = Wrap();
        KeyVersion later = Samples.Version with
        {
            State = KeyState.Retired,
            Used = 8,
            NextKid = null,
            ExpiresAt = null,
            RetiredAt = null,
            MaxUsageLimit = null
        };

        using SecretBytes opened = PrivateKeyWrap.Unwrap(_tenantKey, later, material);

        opened.Length.Should().Be(64);
    }

    private static void ShouldBeRefused(WrappingKey key, KeyVersion version, KeyMaterial material) =>
        ((Action)(() => PrivateKeyWrap.Unwrap(key, version, material).Dispose()))
            .Should().Throw<SealBrokenException>().WithMessage($"*key version {version.Kid}*");

    private KeyMaterial Wrap() => PrivateKeyWrap.Wrap(_tenantKey, Samples.Version, MaterialFormat.MLKemSeed, _privateKey);
}
