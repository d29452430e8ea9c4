namespace Qkms.Tests.Support;

/// <summary>The sources of the checkout, without what the build makes.</summary>
internal static class SourceFiles
{
    /// <summary>Those of a project; of all projects when it is empty.</summary>
    public static IEnumerable<string> Of(string project) =>
        Directory.EnumerateFiles(Path.Combine(Repository.Root, project), "*.cs", SearchOption.AllDirectories)
            .Where(file => !IsMadeByTheBuild(Path.GetRelativePath(Repository.Root, file)));

    private static bool IsMadeByTheBuild(string path) => path.Split(Path.DirectorySeparatorChar).Any(folder => folder is "obj" or "bin");
}
