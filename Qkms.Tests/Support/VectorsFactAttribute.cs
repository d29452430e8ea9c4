namespace Qkms.Tests.Support;

/// <summary>A fact over published vectors, skipped by name where the files are absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class VectorsFactAttribute : FactAttribute
{
    public VectorsFactAttribute(params string[] files)
    {
        Files = files;
        Skip = TestVectors.MissingReason(files);
    }

    public string[] Files { get; }
}
