namespace Qkms.Tests.Support;

/// <summary>A theory over published vectors, skipped by name where the files are absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class VectorsTheoryAttribute : TheoryAttribute
{
    public VectorsTheoryAttribute(params string[] files)
    {
        Files = files;
        Skip = TestVectors.MissingReason(files);
    }

    /// <summary>Files, or folders of which every file is read.</summary>
    public string[] Files { get; }
}
