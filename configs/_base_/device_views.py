# For the list of bases of a pre-training: workers only decode images, and the
# device of the model makes the views (docs/views.md).
views = 'device'
