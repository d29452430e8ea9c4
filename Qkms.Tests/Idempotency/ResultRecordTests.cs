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
    public void The_bytes_of_format_1_stay_as_they_are()
    {
        ResultRecord.Write(default(Nothing)).Should().Equal(1);
        HashOf(ResultRecord.Write(Full)).Should().Be("5c8a0e572a2f40a5c3e81124a37bf855a0c7ef9cfeea944f011ba094f85daf6b");
        HashOf(ResultRecord.Write(Least)).Should().Be("7f400326699a2d7d0576647ae4081794e821d654e112994bb0214d2b035356b5");
        ResultRecord.Write(new KeyRotation(Full, Least)).Should().Equal([.. ResultRecord.Write(Full), .. ResultRecord.Write(Least)[1..]]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
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

    private static string HashOf(byte[] record) => Convert.ToHexStringLower(SHA256.HashData(record));

    private static Guid Id(byte last) => new([.. new byte[15], last], bigEndian: true);
}
