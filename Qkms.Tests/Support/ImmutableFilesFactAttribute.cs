namespace Qkms.Tests.Support;

/// <summary>A fact about the embedded database in files that nobody can write, skipped by name where there can be none.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ImmutableFilesFactAttribute : FactAttribute
{
    public ImmutableFilesFactAttribute() => Skip = TestStorage.IsPostgres ? SqliteFactAttribute.Reason : ImmutableFiles.MissingReason;
}
