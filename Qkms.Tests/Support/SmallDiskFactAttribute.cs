namespace Qkms.Tests.Support;

/// <summary>A fact about the embedded database on a disk of its own, skipped by name where none can be mounted.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SmallDiskFactAttribute : FactAttribute
{
    public SmallDiskFactAttribute() => Skip = TestStorage.IsPostgres ? SqliteFactAttribute.Reason : SmallDisk.MissingReason;
}
