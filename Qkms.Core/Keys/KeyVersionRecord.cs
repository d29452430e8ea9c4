using Qkms.Core.Algorithms;
using Qkms.Core.Idempotency;
using Qkms.Core.Sealing;

namespace Qkms.Core.Keys;

/// <summary>
/// A version inside a <see cref="ResultRecord"/>: all that an answer can say of it, whether it is sealed in its row or not.
/// </summary>
internal static class KeyVersionRecord
{
    public static void Write(CanonicalWriter record, KeyVersion version) => record
        .Add(version.Id.Value).Add(version.KeyId.Value).Add(version.TenantId.Value)
        .Add(version.Address.Owner.Kind).Add(version.Address.Owner.Id).Add(version.Address.Name.Value)
        .Add(version.Algorithm.Name).Add((long)version.Use)
        .Add(version.Kid.Value).Add((long)version.Version).Add(version.Spelling).Add((long)version.State)
        .Add(version.OaepHash).Add(version.PublicKey)
        .Add(version.SoftUsageLimit).Add(version.MaxUsageLimit).Add(version.SoftLimitExpiration)
        .Add(version.ExpiresAt).Add(version.ProcessUntil).Add(version.AutoRotate)
        .Add(version.PreviousKid?.Value).Add(version.NextKid?.Value)
        .Add(version.CreatedAt).Add(version.RetiredAt).Add(version.RevokedAt).Add(version.DestroyedAt).Add(version.DestroyAt)
        .Add(version.Used)
        .Add((long?)version.RotationPeriod?.TotalMilliseconds).Add(version.NextRotationAt)
        .Add(version.LastUsedAt).Add(version.Labels.Text);

    public static KeyVersion Read(ref CanonicalReader record)
    {
        KeyVersion version = ReadFirstForm(ref record);
        return record.Format < ResultRecord.FormatWithLimits ? version : version with
        {
            RotationPeriod = record.ReadOptionalNumber() is { } period ? TimeSpan.FromMilliseconds(period) : null,
            NextRotationAt = record.ReadOptionalTime(),
            LastUsedAt = record.ReadOptionalTime(),
            Labels = new KeyLabels(record.ReadOptionalText()),
        };
    }

    private static KeyVersion ReadFirstForm(ref CanonicalReader record)
    {
        KeyVersionId id = new(record.ReadId());
        KeyId keyId = new(record.ReadId());
        TenantId tenantId = new(record.ReadId());
        KeyOwner owner = new(record.ReadText(), record.ReadText());
        KeyName name = KeyName.FromStored(record.ReadText());
        KeyAlgorithm algorithm = ReadAlgorithm(ref record);

        // The rest in the order in which it stands here.
        return new KeyVersion
        {
            Id = id,
            KeyId = keyId,
            Address = new KeyAddress(tenantId, owner, name, algorithm, (KeyUse)record.ReadNumber()),
            Kid = Kid.FromStored(record.ReadText()),
            Version = checked((int)record.ReadNumber()),
            Spelling = record.ReadText(),
            State = (KeyState)record.ReadNumber(),
            OaepHash = record.ReadOptionalText(),
            PublicKey = record.ReadBytes().ToArray(),
            SoftUsageLimit = record.ReadOptionalNumber(),
            MaxUsageLimit = record.ReadOptionalNumber(),
            SoftLimitExpiration = record.ReadOptionalTime(),
            ExpiresAt = record.ReadOptionalTime(),
            ProcessUntil = record.ReadOptionalTime(),
            AutoRotate = record.ReadFlag(),
            PreviousKid = ReadOptionalKid(ref record),
            NextKid = ReadOptionalKid(ref record),
            CreatedAt = record.ReadTime(),
            RetiredAt = record.ReadOptionalTime(),
            RevokedAt = record.ReadOptionalTime(),
            DestroyedAt = record.ReadOptionalTime(),
            DestroyAt = record.ReadOptionalTime(),
            Used = record.ReadNumber(),
        };
    }

    private static KeyAlgorithm ReadAlgorithm(ref CanonicalReader record)
    {
        string name = record.ReadText();
        return KeyAlgorithm.TryParseName(name, out KeyAlgorithm? algorithm)
            ? algorithm
            : throw new InvalidDataException($"A kept result names the algorithm {name}, which this version of Qkms does not know.");
    }

    private static Kid? ReadOptionalKid(ref CanonicalReader record) => record.ReadOptionalText() is { } kid ? Kid.FromStored(kid) : null;
}
