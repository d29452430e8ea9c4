using System.Reflection;
using Qkms.Core.Idempotency;
using Qkms.Core.Lifecycle;

namespace Qkms.Tests.Idempotency;

/// <summary>The bytes in which results are kept.</summary>
public sealed class ResultRecordTests
{
    private static readonly DateTimeOffset _time = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123);

    private static readonly KeyAddress _address = new(
        new TenantId(Id(1)), new KeyOwner("device", "d-1"), KeyName.FromStored("app/a"), KeyAlgorithm.MLKem768, KeyUse.Encryption);

    private static KeyVersion Least => new()
    {
        Id = new KeyVersionId(Id(2)),
        KeyId = new KeyId(Id(3)),
        Address = _address,
        Kid = Kid.FromStored("kid-2"),
        Version = 2,
        Spelling = "Kyber768",
        State = KeyState.Retired,
        PublicKey = [],
        CreatedAt = _time,
    };

    private static KeyVersion Full => Least with
    {
        OaepHash = "SHA-384",
        PublicKey = [1, 2, 3],
        SoftUsageLimit = 10,
        MaxUsageLimit = 20,
        SoftLimitExpiration = _time.AddDays(1),
        ExpiresAt = _time.AddDays(2),
        ProcessUntil = _time.AddDays(3),
        AutoRotate = true,
        PreviousKid = Kid.FromStored("kid-1"),
        NextKid = Kid.FromStored("kid-3"),
        RetiredAt = _time.AddDays(4),
        RevokedAt = _time.AddDays(5),
        DestroyedAt = _time.AddDays(6),
        DestroyAt = _time.AddDays(7),
        Used = 15,
        RotationPeriod = TimeSpan.FromDays(1),
        NextRotationAt = _time.AddDays(8),
        LastUsedAt = _time.AddDays(9),
        Labels = new KeyLabels("{}"),
    };

    [Fact]
    public void Everything_comes_back()
    {
        // When a destruction was ordered no response says.
        foreach (PropertyInfo property in typeof(KeyVersion).GetProperties()
            .Where(property => property.CanWrite && property.Name != nameof(KeyVersion.DestroyOrderedAt)))
        {
            object? none = property.PropertyType.IsValueType ? Activator.CreateInstance(property.PropertyType) : null;
            property.GetValue(Full).Should().NotBe(none, $"the full version has a {property.Name}");
        }

        Again(Full).Should().BeEquivalentTo(Full);
        Again(Least).Should().BeEquivalentTo(Least);
        KeyRotation rotation = new(Full, Least);
        Again(rotation).Should().BeEquivalentTo(rotation);
    }

    // Computed by another program. Records of yesterday are read today: a change of these bytes needs a new format, and a reader for both.
    [Fact]
    public void The_bytes_of_format_1_are_the_beginning_of_those_of_format_2()
    {
        byte[] full = FormatOne(ResultRecord.Write(Full), tail: 8 + 4 + 8 + 4 + 8 + 4 + 2 + 4);
        byte[] least = FormatOne(ResultRecord.Write(Least), tail: 4 * 4);

        ResultRecord.Write(default(Nothing)).Should().Equal(2);
        HashOf(full).Should().Be("5c8a0e572a2f40a5c3e81124a37bf855a0c7ef9cfeea944f011ba094f85daf6b");
        HashOf(least).Should().Be("7f400326699a2d7d0576647ae4081794e821d654e112994bb0214d2b035356b5");
        ResultRecord.Read<KeyVersion>(full).Should().BeEquivalentTo(Full with
        {
            RotationPeriod = null,
            NextRotationAt = null,
            LastUsedAt = null,
            Labels = KeyLabels.None,
        });
        ResultRecord.Read<KeyVersion>(least).Should().BeEquivalentTo(Least);
        ResultRecord.Read<KeyRotation>([.. full, .. least[1..]]).Retired.Should().BeEquivalentTo(Least);
        Convert.ToHexStringLower(ResultRecord.Write(Full)[full.Length..]).Should().Be(
            "00000008" + "0000000005265c00" + "00000008" + "0000018bf918487b" + "00000008" + "0000018bfe3ea47b" + "00000002" + "7b7d");
        ResultRecord.Write(new KeyRotation(Full, Least)).Should().Equal([.. ResultRecord.Write(Full), .. ResultRecord.Write(Least)[1..]]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(255)]
    public void Another_format_is_refused_by_its_number(byte format)
    {
        byte[] record = ResultRecord.Write(Full);
        record[0] = format;

        record.Invoking(bytes => ResultRecord.Read<KeyVersion>(bytes)).Should()
            .Throw<InvalidOperationException>().WithMessage($"*the format {format}, *");
    }

    [Fact]
    public void A_record_that_is_shorter_or_longer_is_refused()
    {
        byte[] record = ResultRecord.Write(Full);

        for (int length = 0; length < record.Length; length++)
            ShouldBeRefused<KeyVersion>(record[..length]);

        ShouldBeRefused<KeyVersion>([.. record, 0]);
        ShouldBeRefused<KeyVersion>(ResultRecord.Write(default(Nothing)));
        ShouldBeRefused<Nothing>(record);
        ShouldBeRefused<KeyVersion>(ResultRecord.Write(new KeyRotation(Full, Least)));
    }

    private static void ShouldBeRefused<T>(byte[] record)
        where T : IKeepable<T> => record.Invoking(bytes => ResultRecord.Read<T>(bytes)).Should().Throw<InvalidDataException>();

    private static T Again<T>(T result)
        where T : IKeepable<T> => ResultRecord.Read<T>(ResultRecord.Write(result));

    private static byte[] FormatOne(byte[] record, int tail) => [1, .. record[1..^tail]];

    private static string HashOf(byte[] record) => Convert.ToHexStringLower(SHA256.HashData(record));

    private static Guid Id(byte last) => new([.. new byte[15], last], bigEndian: true);
}
